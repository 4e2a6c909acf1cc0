package dev.likeness.vault;

import java.time.Clock;
import java.util.Optional;

/**
 * How a store works. Immutable; the methods return other options.
 *
 * @param clock the machine's clock
 * @param signer who signs receipts
 * @param retention how long things are kept; empty for what the store was told last, or the
 *     defaults
 */
public record StoreOptions(Clock clock, ReceiptSigner signer, Optional<RetentionPolicy> retention) {
  /**
   * The system's clock, the development certificate, the retention that the store knows. Everybody
   * has that certificate's key: a receipt of an erasure proves something about who erased only
   * where the application signs it ({@link #signer}).
   */
  public static StoreOptions defaults() {
    return new StoreOptions(Clock.systemUTC(), ReceiptSigner.development(), Optional.empty());
  }

  /** With another clock. */
  public StoreOptions clock(Clock other) {
    return new StoreOptions(other, signer, retention);
  }

  /** With receipts signed by the application. */
  public StoreOptions signer(ReceiptSigner other) {
    return new StoreOptions(clock, other, retention);
  }

  /** With another retention, which the store remembers. */
  public StoreOptions retention(RetentionPolicy policy) {
    return new StoreOptions(clock, signer, Optional.of(policy));
  }
}
