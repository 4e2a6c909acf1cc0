package dev.likeness.diffusion.internal.family;

import dev.likeness.diffusion.internal.file.TensorNames;
import java.util.List;
import java.util.Map;

/**
 * One kind of checkpoint of a family in a single file: told by names and shapes, with the
 * configuration that such a file lacks.
 */
public interface Variant {
  /** Name that {@code inspect} prints: {@code sd1}, {@code sdxl-refiner}. */
  String name();

  /** Whether a file with these tensors holds the variant's denoising network. */
  boolean matches(TensorNames names);

  /** The diffusers pipeline for such a file. */
  String pipeline(TensorNames names);

  /** An option of the pipeline itself. */
  boolean option(String option);

  /**
   * What a file of this variant holds.
   *
   * @param configs configurations that are known better than by shapes, by component
   */
  Contents contents(CheckpointHeader header, Map<String, Map<String, Object>> configs);

  /** The components that a whole model of the variant has. */
  List<String> components();

  /**
   * The options of a component that names and shapes do not tell, those of {@code better} first.
   */
  Map<String, Object> builtInOptions(String component, Map<String, Object> better);

  /** Whether a text encoder is of the class that projects. */
  boolean hasProjection(String component);

  /** The padding token of a text encoder's tokenizer. */
  String padding(String tokenizer);

  /**
   * How it is known what the network predicts: the file says so, a weight tells, or it is what the
   * family does.
   */
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
   * @param prediction how it is known what the network predicts
   */
  record Contents(
      Map<String, ComponentDetector.Detected> components,
      Map<String, Object> scheduler,
      Certainty prediction) {}
}
