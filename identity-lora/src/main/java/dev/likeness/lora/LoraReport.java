package dev.likeness.lora;

import dev.likeness.diffusion.error.UnusableInput;
import java.util.List;

/**
 * What of a LoRA file fits a base model.
 *
 * @param dialect how the file spells its keys
 * @param layers how many layers it changes
 * @param rank the largest rank
 * @param matched how many keys belong to a layer of the base and have its shape
 * @param unmatched keys that belong to no layer of the base, or are of a kind that is not read
 * @param misshapen keys of a layer that has another shape, each with both shapes
 * @param incomplete layers that have not both factors of one rank
 */
public record LoraReport(LoraDialect dialect, int layers, int rank, int matched, List<String> unmatched,
    List<String> misshapen, List<String> incomplete) {
  public LoraReport {
    unmatched = List.copyOf(unmatched);
    misshapen = List.copyOf(misshapen);
    incomplete = List.copyOf(incomplete);
  }

  /** Of a LoRA made here, which fits its base. */
  static LoraReport made(int layers, int rank) {
    return new LoraReport(LoraDialect.PEFT, layers, rank, 2 * layers, List.of(), List.of(), List.of());
  }

  /** Whether every key was used. */
  public boolean isComplete() {
    return unmatched.isEmpty() && misshapen.isEmpty() && incomplete.isEmpty() && layers > 0;
  }

  /** Fails unless every key was used: a LoRA that fits in part would draw somebody else. */
  void requireComplete(String file, String base) {
    if (!unmatched.isEmpty()) {
      throw new UnusableInput(file + ": " + unmatched.size() + " of " + (matched + unmatched.size() + misshapen.size())
          + " keys match no layer of " + base + ", e.g. " + unmatched.get(0)
          + "; the LoRA is for another base model, or of a kind that is not supported");
    }
    if (!misshapen.isEmpty()) {
      throw new UnusableInput(file + ": " + misshapen.size() + " keys do not fit " + base + ", e.g. " + misshapen.get(0)
          + "; the LoRA is for another base model");
    }
    if (!incomplete.isEmpty()) {
      throw new UnusableInput(
          file + ": " + incomplete.get(0) + " has not both factors of one rank; the file is incomplete");
    }
    if (layers == 0) {
      throw new UnusableInput(file + " holds no LoRA: no key ends as a low-rank pair's do, e.g. .lora_A.weight");
    }
  }
}
