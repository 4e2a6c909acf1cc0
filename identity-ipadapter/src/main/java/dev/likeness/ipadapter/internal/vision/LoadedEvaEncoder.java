package dev.likeness.ipadapter.internal.vision;

import dev.likeness.diffusion.internal.file.RenamedSource;
import dev.likeness.diffusion.internal.file.TensorNames;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.memory.LoadedWeights;
import dev.likeness.diffusion.internal.model.TensorFileFormat;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.tensor.Compute;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * An opened vision tower of EVA02-CLIP, from a file of the whole CLIP
 * ({@code EVA02_CLIP_L_336_psz14_s6B.pt}) or of the tower alone, as a checked torch pickle or
 * safetensors. Immutable and thread-safe; owns its tensors until closed.
 */
public final class LoadedEvaEncoder implements AutoCloseable {
  // What training scripts put around a state dictionary; PuLID's reader looks for the same.
  private static final List<String> WRAPPERS = List.of("state_dict.", "model.", "module.");
  private static final String VISION = "visual.";
  private static final float[] MEAN = {0.48145466f, 0.4578275f, 0.40821073f};
  private static final float[] STD = {0.26862954f, 0.26130258f, 0.27577711f};

  private final String file;
  private final EvaVisionConfig config;
  private final Compute compute;
  private final LoadedWeights weights;
  private final EvaVisionModel tower;
  private final String fingerprint;

  private LoadedEvaEncoder(TensorSource source, Compute compute) {
    this.file = source.describe();
    this.compute = compute;
    weights = new LoadedWeights(source, compute);
    try {
      config = EvaVisionConfig.of(source);
      weights.check(tensors -> new EvaVisionModel(config, tensors), Set.of());
      tower = new EvaVisionModel(config, Weights.of(weights));
      fingerprint = LoadedImageEncoder.fingerprint(source);
    } catch (RuntimeException e) {
      weights.close();
      throw e;
    }
  }

  /**
   * Opens a file.
   *
   * @throws dev.likeness.diffusion.error.InvalidInputException if it is missing or broken, lacks a
   *     tensor of the tower, or has others
   */
  public static LoadedEvaEncoder open(Path file, Compute compute) {
    return new LoadedEvaEncoder(
        new TensorSource.Finite(canonical(TensorFileFormat.open(file))), compute);
  }

  /** Returns a source with the tower's names, which takes ownership of {@code file}. */
  static TensorSource canonical(TensorSource file) {
    return RenamedSource.of(file, names(file));
  }

  private static UnaryOperator<String> names(TensorNames file) {
    boolean isWhole = file.names().stream().anyMatch(name -> unwrapped(name).startsWith(VISION));
    return name -> {
      String plain = unwrapped(name);
      if (!isWhole) {
        return plain;
      }
      // The text tower is not used.
      return plain.startsWith(VISION)
          ? plain.substring(VISION.length())
          : plain.startsWith("text.") || plain.equals("logit_scale") ? null : plain;
    };
  }

  private static String unwrapped(String name) {
    String plain = name;
    for (String wrapper : WRAPPERS) {
      plain = plain.startsWith(wrapper) ? plain.substring(wrapper.length()) : plain;
    }
    return plain;
  }

  public EvaVisionConfig config() {
    return config;
  }

  /** Returns a hash of the weights, equal for f32 and f16 files of one tower. */
  public String fingerprint() {
    return fingerprint;
  }

  /** Returns its file, for messages. */
  public String describe() {
    return file;
  }

  /**
   * Encodes an image in 0..1, [1, 3, imageSize, imageSize], f32; values may overshoot, as those of
   * a bicubic resize. The result belongs to the calling scope.
   */
  public EvaVisionModel.EvaEncoding encode(Tensor unit) {
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard()) {
      Tensor mean = torch.tensor(MEAN).view(1, 3, 1, 1);
      Tensor std = torch.tensor(STD).view(1, 3, 1, 1);
      EvaVisionModel.EvaEncoding made =
          tower.forward(Tensors.place(compute, unit.sub(mean).div(std)));
      scope.promote(made.pooled());
      made.hidden().forEach(scope::promote);
      return made;
    }
  }

  @Override
  public void close() {
    weights.close();
  }
}
