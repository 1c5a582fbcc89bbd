import { z } from 'zod';
import { plainText } from '../fields-contract.ts';

/** Another institution keeps the coins for the beneficiary. */
const heldByInstitution = z.strictObject({
  held: z.literal('institution'),
  beneficiary: plainText.min(1),
  institution: plainText.min(1),
  /** Where it is supervised: ISO 3166-1 alpha-2. */
  country: z.string().regex(/^[A-Z]{2}$/),
  /** ISO 17442, when it has one. */
  lei: z
    .string()
    .regex(/^[0-9A-Z]{18}[0-9]{2}$/)
    .optional(),
});

/** The beneficiary keeps them, in a wallet of their own. */
const heldByBeneficiary = z.strictObject({ held: z.literal('beneficiary'), beneficiary: plainText.min(1) });

/** What a customer says of who gets the coins. */
export const statedTravelRuleSchema = z.discriminatedUnion('held', [heldByInstitution, heldByBeneficiary]);

/**
 * Who gets the coins, as the Travel Rule asks (FATF Recommendation 16): by name, and where they are kept.
 * https://www.fatf-gafi.org/en/publications/Fatfrecommendations/Fatf-recommendations.html
 */
export const travelRuleSchema = z.discriminatedUnion('held', [
  heldByInstitution,
  heldByBeneficiary,
  /** Another balance of the same customer here; only the server says so. */
  z.strictObject({ held: z.literal('here') }),
]);

export type TravelRule = z.infer<typeof travelRuleSchema>;
