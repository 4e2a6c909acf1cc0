package dev.likeness.vault;

import java.util.List;

/**
 * What a purge removed.
 *
 * @param erased receipts of the persons whose time was over
 * @param files how many files of others went
 */
public record PurgeReport(List<ErasureReceipt> erased, int files) {
  public PurgeReport {
    erased = List.copyOf(erased);
  }
}
