package dev.likeness.lora.file;

import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * What of a LoRA file fits a base model.
 *
 * @param dialect how the file spells its keys; null when it has none that are known
 * @param family id of the kind of base that the file is for, such as {@code sdxl}; {@code unknown}
 *     where nothing tells
 * @param kinds in which ways it says its changes
 * @param layers how many layers it changes
 * @param rank the largest rank
 * @param scale what factors are multiplied by, alpha / rank
 * @param matched how many keys belong to a layer of the base and have its shape
 * @param unmatched keys that belong to no layer of the base, or are of a kind that is not read
 * @param idle keys that belong to no layer of the base and are left out: all zero, of a text
 *     projection that its tower has not, of a T5 that the base came without, of a layer of Z-Image
 *     whose parts the file says, too, in a spelling beside a better one, or of words for T5 or for
 *     what a tower says
 * @param misshapen keys of a layer that has another shape, each with both shapes
 * @param incomplete layers that have not all the tensors of their kind, or whose tensors have
 *     different ranks
 * @param twice keys that mean one tensor, two by two
 * @param embeddings names of the textual inversions that the file brings along
 * @param notes what the header says to people
 */
public record LoraInspection(
    KeyFormat dialect,
    String family,
    Set<LoraAlgorithm> kinds,
    int layers,
    int rank,
    Scale scale,
    int matched,
    List<String> unmatched,
    List<String> idle,
    List<String> misshapen,
    List<String> incomplete,
    List<String> twice,
    List<String> embeddings,
    Notes notes) {
  /**
   * What a LoRA's header says to people: kohya's {@code ss_*} notes and Stability's ModelSpec 1.0.1
   * ({@code modelspec.*}).
   *
   * @param title what it is called, or empty
   * @param triggerWords words that its training gave a meaning, most frequent first; empty when the
   *     header names none
   * @param licence what its maker allows, in their words, or empty
   * @param base the base model that its maker names, or empty
   */
  public record Notes(String title, List<String> triggerWords, String licence, String base) {
    public Notes {
      triggerWords = List.copyOf(triggerWords);
    }
  }

  /** The least and the greatest factor among the layers. */
  public record Scale(double least, double greatest) {
    public static final Scale ONE = new Scale(1, 1);

    public Scale with(double other) {
      return new Scale(Math.min(least, other), Math.max(greatest, other));
    }

    @Override
    public String toString() {
      return least == greatest ? Double.toString(least) : least + " to " + greatest;
    }
  }

  public LoraInspection {
    kinds = Collections.unmodifiableSet(new TreeSet<>(kinds));
    unmatched = List.copyOf(unmatched);
    idle = List.copyOf(idle);
    misshapen = List.copyOf(misshapen);
    incomplete = List.copyOf(incomplete);
    twice = List.copyOf(twice);
    embeddings = List.copyOf(embeddings);
  }

  /** Whether every key was used, but for those that say nothing. */
  public boolean isComplete() {
    return unmatched.isEmpty()
        && misshapen.isEmpty()
        && incomplete.isEmpty()
        && twice.isEmpty()
        && layers > 0;
  }
}
