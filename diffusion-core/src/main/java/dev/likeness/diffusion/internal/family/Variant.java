package dev.likeness.diffusion.internal.family;

import dev.likeness.diffusion.internal.file.TensorNames;
import java.util.List;
import java.util.Map;

/**
 * One kind of single-file checkpoint of a family: detected by names and shapes, with the built-in
 * configuration that such a file lacks.
 */
public interface Variant {
  /** The name in the output of {@code inspect}: {@code sd1}, {@code sdxl-refiner}. */
  String name();

  /** Returns true if a file with these tensors has the variant's denoising network. */
  boolean matches(TensorNames names);

  /** The diffusers pipeline for such a file. */
  String pipeline(TensorNames names);

  /** An option of the pipeline itself. */
  boolean option(String option);

  /**
   * The contents of a file of this variant.
   *
   * @param configs configurations that replace detected ones, by component
   */
  Contents contents(CheckpointHeader header, Map<String, Map<String, Object>> configs);

  /** The components that a whole model of the variant has. */
  List<String> components();

  /** The built-in options of a component; those of {@code better} have precedence. */
  Map<String, Object> builtInOptions(String component, Map<String, Object> better);

  /** Returns true if a text encoder's class has a projection. */
  boolean hasProjection(String component);

  /** The padding token of a text encoder's tokenizer. */
  String padding(String tokenizer);

  /** The source of the prediction type: the file's metadata, a weight, or the family. */
  enum Certainty {
    DECLARED,
    INFERRED,
    ASSUMED
  }

  /**
   * Contents of a file.
   *
   * @param components networks by component
   * @param scheduler the scheduler's options
   * @param prediction the source of the prediction type
   */
  record Contents(
      Map<String, ComponentDetector.Detected> components,
      Map<String, Object> scheduler,
      Certainty prediction) {}
}
