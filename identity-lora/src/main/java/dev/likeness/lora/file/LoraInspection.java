package dev.likeness.lora.file;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.lora.internal.file.LoraFamilyDetector;
import dev.likeness.lora.internal.file.LoraMetadata;
import dev.likeness.lora.internal.file.LoraReader;
import java.util.Collections;
import java.util.List;
import java.util.Map;
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
    LoraMetadata.LoraNotes notes) {
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

  /** Of a LoRA made here, which fits its base. */
  public static LoraInspection made(
      String family, LoraAlgorithm kind, int layers, int rank, Map<String, String> header) {
    return new LoraInspection(
        KeyFormat.PEFT,
        family,
        Set.of(kind),
        layers,
        rank,
        Scale.ONE,
        2 * layers,
        List.of(),
        List.of(),
        List.of(),
        List.of(),
        List.of(),
        List.of(),
        LoraMetadata.LoraNotes.of(header));
  }

  /** Whether every key was used, but for those that say nothing. */
  public boolean isComplete() {
    return unmatched.isEmpty()
        && misshapen.isEmpty()
        && incomplete.isEmpty()
        && twice.isEmpty()
        && layers > 0;
  }

  /** Fails unless every key was used: a LoRA that fits in part would draw somebody else. */
  public void requireComplete(String file, String base, String baseFamily) {
    if (!LoraFamilyDetector.mayFit(family, baseFamily)) {
      throw new InvalidInputException(
          file + " is a LoRA for " + LoraFamilyDetector.title(family) + ", but " + base + " is "
              + (baseFamily.equals(LoraFamilyDetector.UNKNOWN)
                  ? "not"
                  : LoraFamilyDetector.title(baseFamily))
              + "; open it with a base of "
              + LoraFamilyDetector.title(family));
    }
    if (layers == 0 && !embeddings.isEmpty()) {
      throw new InvalidInputException(file + " is a textual inversion ("
          + String.join(", ", embeddings) + "), not a LoRA; give it as an embedding");
    }
    if (!twice.isEmpty()) {
      throw new InvalidInputException(file + ": " + twice.get(0)
          + " say the same of one layer, perhaps not with the same numbers; remove one of them");
    }
    if (!unmatched.isEmpty()) {
      throw new InvalidInputException(
          file + ": " + unmatched.size() + " of " + (matched + unmatched.size() + misshapen.size())
              + " keys match no layer of " + base + ", e.g. " + unmatched.get(0)
              + "; the LoRA is for another base model, or of a kind that is not supported");
    }
    if (!misshapen.isEmpty()) {
      throw new InvalidInputException(file + ": " + misshapen.size() + " keys do not fit " + base
          + ", e.g. " + misshapen.get(0) + "; the LoRA is for another base model");
    }
    if (!incomplete.isEmpty() && incomplete.get(0).endsWith(LoraReader.BIAS)) {
      throw new InvalidInputException(file + " changes " + incomplete.get(0)
          + ", and that layer of " + base + " has none; give the base that it was made for");
    }
    if (!incomplete.isEmpty()) {
      throw new InvalidInputException(file + ": " + incomplete.get(0)
          + " has not all factors of one rank; the file is incomplete");
    }
    if (layers == 0 && !idle.isEmpty()) {
      throw new InvalidInputException(file + " changes nothing of " + base + ", which has no "
          + idle.get(0) + "; open it with a base that has");
    }
    if (layers == 0) {
      throw new InvalidInputException(
          file + " holds no LoRA: no key ends as a layer's change does, e.g. .lora_A.weight");
    }
  }
}
