package dev.likeness.lora.file;

import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * A comparison of a LoRA file with a base model.
 *
 * @param keyFormat the key format; empty if no known key is in the file
 * @param family id of the model family of the file, such as {@code sdxl}; {@code unknown} if it
 *     cannot be detected
 * @param algorithms the algorithms of the file's weight changes (deltas)
 * @param layers number of layers that the file changes
 * @param rank the largest rank of the deltas
 * @param scale the smallest and the largest factor (alpha / rank) of the deltas
 * @param keys what became of the keys of the file
 * @param textualInversions names of the textual inversions in the file
 * @param metadata its readable metadata
 */
public record LoraInspection(
    Optional<KeyFormat> keyFormat,
    String family,
    Set<LoraAlgorithm> algorithms,
    int layers,
    int rank,
    Scale scale,
    Keys keys,
    List<String> textualInversions,
    Metadata metadata) {
  /**
   * What became of the keys of a LoRA file.
   *
   * @param matched number of keys that belong to a layer of the base and fit its shape, or belong
   *     to a textual inversion
   * @param unmatched keys that belong to no layer of the base, or are of an unsupported kind
   * @param ignored keys that are ignored: zero deltas, a second copy of a layer under another name,
   *     and keys for parts that the base does not have or does not use
   * @param shapeMismatches keys whose shape does not fit their layer, each with both shapes
   * @param incomplete layers that lack tensors of their algorithm, or have tensors of different
   *     ranks
   * @param duplicates pairs of keys that name the same tensor
   */
  public record Keys(
      int matched,
      List<String> unmatched,
      List<String> ignored,
      List<String> shapeMismatches,
      List<String> incomplete,
      List<String> duplicates) {
    /** Copies the lists. */
    public Keys {
      unmatched = List.copyOf(unmatched);
      ignored = List.copyOf(ignored);
      shapeMismatches = List.copyOf(shapeMismatches);
      incomplete = List.copyOf(incomplete);
      duplicates = List.copyOf(duplicates);
    }

    /**
     * {@return keys that all belong to layers of the base}
     *
     * @param count their number
     */
    public static Keys allMatched(int count) {
      return new Keys(count, List.of(), List.of(), List.of(), List.of(), List.of());
    }

    /** {@return true if every key is used or is ignored on purpose} */
    public boolean areAllUsed() {
      return unmatched.isEmpty()
          && shapeMismatches.isEmpty()
          && incomplete.isEmpty()
          && duplicates.isEmpty();
    }
  }

  /**
   * Readable metadata of a LoRA file: kohya's {@code ss_*} entries and Stability's ModelSpec 1.0.1
   * ({@code modelspec.*}).
   *
   * @param title the title, or empty
   * @param triggerWords words that activate the LoRA in prompts, most frequent first; empty if the
   *     metadata has no trigger words
   * @param licence the licence in the words of the author, or empty
   * @param base the base model that the metadata names, or empty
   */
  public record Metadata(String title, List<String> triggerWords, String licence, String base) {
    /** Copies the trigger words. */
    public Metadata {
      triggerWords = List.copyOf(triggerWords);
    }
  }

  /**
   * The smallest and the largest factor (alpha / rank) of the layers.
   *
   * @param min the smallest factor
   * @param max the largest factor
   */
  public record Scale(double min, double max) {
    /** The factor 1 for all layers. */
    public static final Scale ONE = new Scale(1, 1);

    /**
     * {@return this range, extended to include a factor}
     *
     * @param other the factor to include
     */
    public Scale including(double other) {
      return new Scale(Math.min(min, other), Math.max(max, other));
    }

    @Override
    public String toString() {
      return min == max ? Double.toString(min) : min + " to " + max;
    }
  }

  /** Copies the collections; the algorithms are sorted. */
  public LoraInspection {
    algorithms = Collections.unmodifiableSet(new TreeSet<>(algorithms));
    textualInversions = List.copyOf(textualInversions);
  }

  /**
   * {@return true if every key is used or is ignored on purpose, and at least one layer is changed}
   */
  public boolean isComplete() {
    return keys.areAllUsed() && layers > 0;
  }
}
