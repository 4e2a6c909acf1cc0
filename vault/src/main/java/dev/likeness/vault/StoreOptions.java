package dev.likeness.vault;

import java.time.Clock;
import java.util.Optional;

/**
 * The settings of a store. Immutable; setters return a changed copy.
 *
 * @param clock the clock of retention limits and receipts
 * @param signer signs receipts of erasures
 * @param retention the retention policy; empty to use the policy recorded in the store, or the
 *     default policy if none is recorded
 */
public record StoreOptions(Clock clock, ReceiptSigner signer, Optional<RetentionPolicy> retention) {
  /**
   * {@return the default options: the system clock, the development signer, and the retention
   * policy recorded in the store or the default policy} The development key is public, so receipts
   * signed with it prove nothing about the signer. Set your own signer with {@link #signer}.
   */
  public static StoreOptions defaults() {
    return new StoreOptions(Clock.systemUTC(), ReceiptSigner.development(), Optional.empty());
  }

  /**
   * {@return options with another clock}
   *
   * @param other the clock
   */
  public StoreOptions clock(Clock other) {
    return new StoreOptions(other, signer, retention);
  }

  /**
   * {@return options with another signer of receipts}
   *
   * @param other signs receipts of erasures
   */
  public StoreOptions signer(ReceiptSigner other) {
    return new StoreOptions(clock, other, retention);
  }

  /**
   * {@return options with another retention policy, which the store records}
   *
   * @param policy the policy
   */
  public StoreOptions retention(RetentionPolicy policy) {
    return new StoreOptions(clock, signer, Optional.of(policy));
  }
}
