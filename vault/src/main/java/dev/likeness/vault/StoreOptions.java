package dev.likeness.vault;

import java.time.Clock;
import java.util.Optional;

/**
 * The settings of a store. Immutable; setters return a changed copy.
 *
 * @param clock the clock of retention limits and receipts
 * @param signer signs receipts of erasures
 * @param retention the retention policy. If empty, the store uses the policy that it has recorded;
 *     without a recorded policy, it uses the default policy
 */
public record StoreOptions(Clock clock, ReceiptSigner signer, Optional<RetentionPolicy> retention) {
  /**
   * {@return options with the system clock, the development signer and no retention policy} The
   * store then uses the policy that it has recorded; without a recorded policy, it uses the default
   * policy. The development key is public, so receipts signed with this key prove nothing about the
   * signer. Set your own signer with {@link #signer}.
   */
  public static StoreOptions defaults() {
    return new StoreOptions(Clock.systemUTC(), ReceiptSigner.development(), Optional.empty());
  }

  /**
   * {@return a copy of these options with the given clock}
   *
   * @param other the clock of retention limits and receipts
   */
  public StoreOptions clock(Clock other) {
    return new StoreOptions(other, signer, retention);
  }

  /**
   * {@return a copy of these options with the given signer of receipts}
   *
   * @param other signs receipts of erasures
   */
  public StoreOptions signer(ReceiptSigner other) {
    return new StoreOptions(clock, other, retention);
  }

  /**
   * {@return a copy of these options with the given retention policy, which the store records}
   *
   * @param policy the policy
   */
  public StoreOptions retention(RetentionPolicy policy) {
    return new StoreOptions(clock, signer, Optional.of(policy));
  }
}
