package dev.likeness.vault;

import java.time.Clock;
import java.util.Optional;

/**
 * The settings of a store. Immutable; the methods return changed copies.
 *
 * @param clock the machine's clock
 * @param signer signs receipts
 * @param retention how long data is kept; empty for the policy that the store was last opened with,
 *     or the defaults
 */
public record StoreOptions(Clock clock, ReceiptSigner signer, Optional<RetentionPolicy> retention) {
  /**
   * Returns the defaults: the system clock, the development signer and the store's recorded
   * retention. The development key is public, so its receipts prove nothing about the signer; set
   * your own with {@link #signer}.
   */
  public static StoreOptions defaults() {
    return new StoreOptions(Clock.systemUTC(), ReceiptSigner.development(), Optional.empty());
  }

  /** Returns options with another clock. */
  public StoreOptions clock(Clock other) {
    return new StoreOptions(other, signer, retention);
  }

  /** Returns options with another signer of receipts. */
  public StoreOptions signer(ReceiptSigner other) {
    return new StoreOptions(clock, other, retention);
  }

  /** Returns options with another retention policy, which the store records. */
  public StoreOptions retention(RetentionPolicy policy) {
    return new StoreOptions(clock, signer, Optional.of(policy));
  }
}
