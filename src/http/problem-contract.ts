import { z } from 'zod';

/** The body of every refusal (RFC 9457, `application/problem+json`). */
export const problemSchema = z
  .object({
    type: z.string().meta({ description: 'A URI for the kind of problem: `urn:trilock:problem:<code>`' }),
    title: z.string().meta({ description: 'The kind of problem in words, the same every time' }),
    status: z.int().meta({ description: 'The HTTP status' }),
    code: z.string().meta({ description: 'The stable name of the problem, for programs' }),
    detail: z.string().meta({ description: 'What is wrong with this request, for people' }),
    requestId: z.string().meta({ description: 'Names this request in the logs' }),
    retryable: z.boolean().meta({ description: 'Whether the same request may succeed later' }),
    details: z.record(z.string(), z.unknown()).optional(),
    violations: z
      .array(z.object({ at: z.string(), message: z.string() }))
      .optional()
      .meta({ description: 'Every field that was refused: a JSON pointer and the reason' }),
  })
  .meta({ id: 'Problem' });

export type Problem = z.infer<typeof problemSchema>;
