/** What people outside know for certain: what they were paid, what they asked for, and what they were told. */
export interface Promises {
  readonly deposits: {
    readonly customer: string;
    readonly balance: 'vault' | 'spending';
    readonly satoshis: bigint;
    readonly outpoint: string;
  }[];
  /** Answered as done. */
  readonly transfers: {
    readonly id: string;
    readonly from: string;
    readonly to: string;
    readonly satoshis: bigint;
  }[];
  readonly withdrawals: PromisedWithdrawal[];
  /** Imposed, and lifted again. */
  readonly restrictions: string[];
}

export interface PromisedWithdrawal {
  readonly id: string;
  readonly intent: string;
  readonly intentHash: string;
  readonly customer: string;
  readonly balance: 'vault' | 'spending';
  readonly satoshis: bigint;
  /** Of this withdrawal alone, so that the chain says how often it was paid. */
  readonly payee: string;
  /** What the customer wants, and may have. */
  readonly end: 'paid' | 'cancelled' | 'either';
}
