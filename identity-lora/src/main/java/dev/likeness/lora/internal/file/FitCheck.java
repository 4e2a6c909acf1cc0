package dev.likeness.lora.internal.file;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.lora.file.LoraInspection;
import java.util.Map;
import java.util.stream.Collectors;

/** Decides by its inspection whether a LoRA fits a base completely. */
public final class FitCheck {
  /** The number of names in a message. */
  private static final int MOST_NAMED = 5;

  /**
   * Algorithms of peft that are not supported, by the beginning of the names of their tensors.
   * Names of peft 0.21.
   */
  private static final Map<String, String> UNSUPPORTED = Map.ofEntries(
      Map.entry("vera_", "VeRA"),
      Map.entry("pvera_", "PVeRA"),
      Map.entry("hra_", "HRA"),
      Map.entry("fourierft_", "FourierFT"),
      Map.entry("randlora_", "RandLoRA"),
      Map.entry("vblora_", "VB-LoRA"),
      Map.entry("c3a_", "C3A"),
      Map.entry("miss_", "MiSS"),
      Map.entry("bone_", "Bone"),
      Map.entry("shira_", "SHiRA"),
      Map.entry("road_", "RoAd"),
      Map.entry("waveft_", "WaveFT"),
      Map.entry("delora_", "DeLoRA"),
      Map.entry("gralora_", "GraLoRA"),
      Map.entry("hira_", "HiRA"),
      Map.entry("ln_tuning_", "layer norm tuning"),
      Map.entry("trainable_tokens_", "trainable tokens"),
      Map.entry("poly_", "Poly"));

  private FitCheck() {}

  /**
   * Refuses a file with an unused key. A LoRA that fits in part would generate another person.
   *
   * @throws InvalidInputException if there is such a key; the message names the first one, or the
   *     base that the file is for
   */
  public static void requireComplete(
      LoraInspection report, String file, String base, String baseFamily) {
    if (!LoraFamilyDetector.isCompatible(report.family(), baseFamily)) {
      String title = LoraFamilyDetector.title(report.family());
      throw new InvalidInputException(file + " is a LoRA for " + title + ", but the base " + base
          + " is "
          + (baseFamily.equals(LoraFamilyDetector.UNKNOWN)
              ? "of another family"
              : LoraFamilyDetector.title(baseFamily))
          + "; "
          + (LoraFamilyDetector.kind(report.family()).isPresent()
              ? "use the LoRA with a base of " + title
              : "bases of " + title + " are not supported; use another LoRA"));
    }
    if (report.layers() == 0 && !report.textualInversions().isEmpty()) {
      throw new InvalidInputException(file + " is a textual inversion ("
          + report.textualInversions().stream()
              .limit(MOST_NAMED)
              .map(Quoted::of)
              .collect(Collectors.joining(", "))
          + "), not a LoRA; give it as an embedding");
    }
    if (!report.keys().duplicates().isEmpty()) {
      throw new InvalidInputException(file + ": " + report.keys().duplicates().get(0)
          + " name the same tensor of one layer; save the LoRA again, with one adapter a file and"
          + " one key format");
    }
    refuseUnsupported(report, file);
    if (!report.keys().unmatched().isEmpty()) {
      throw new InvalidInputException(file + ": keys that match no layer of " + base + ": "
          + report.keys().unmatched().size() + " of "
          + (report.keys().matched()
              + report.keys().unmatched().size()
              + report.keys().shapeMismatches().size())
          + ", e.g. "
          + Quoted.of(report.keys().unmatched().get(0))
          + "; the LoRA is for another base model, or its kind is not supported; give a LoRA for"
          + " this base");
    }
    if (!report.keys().shapeMismatches().isEmpty()) {
      throw new InvalidInputException(file + " has keys that do not fit " + base + " ("
          + report.keys().shapeMismatches().size() + ", e.g. "
          + report.keys().shapeMismatches().get(0)
          + "); the LoRA is for another base model; give a LoRA for this base");
    }
    if (!report.keys().incomplete().isEmpty()
        && report.keys().incomplete().get(0).endsWith(LoraReader.BIAS)) {
      throw new InvalidInputException(
          file + " changes " + report.keys().incomplete().get(0)
              + ", but that layer of " + base + " has no bias; give the base that the LoRA was made"
              + " for");
    }
    if (!report.keys().incomplete().isEmpty()) {
      throw new InvalidInputException(file + ": " + report.keys().incomplete().get(0)
          + " lacks a factor, or its factors differ in rank; download the file again");
    }
    if (report.layers() == 0 && !report.keys().ignored().isEmpty()) {
      throw new InvalidInputException(file + " changes nothing in " + base + ", which has no "
          + Quoted.of(report.keys().ignored().get(0))
          + "; open the file with a base that has this layer");
    }
    if (report.layers() == 0) {
      throw new InvalidInputException(
          file + " is not a LoRA: no key ends like a LoRA key, e.g. .lora_A.weight; give a LoRA"
              + " file");
    }
  }

  private static void refuseUnsupported(LoraInspection report, String file) {
    for (String key : report.keys().unmatched()) {
      for (String part : key.split("\\.")) {
        for (Map.Entry<String, String> kind : UNSUPPORTED.entrySet()) {
          if (part.startsWith(kind.getKey())) {
            throw new InvalidInputException(file + " is an adapter of the kind " + kind.getValue()
                + " (" + Quoted.of(key) + "), which is not supported; give a LoRA, or an AdaLoRA,"
                + " LoHa, LoKr, GLoRA, OFT, BOFT or IA3");
          }
        }
      }
    }
  }
}
