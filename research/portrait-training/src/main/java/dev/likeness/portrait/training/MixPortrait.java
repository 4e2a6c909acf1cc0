package dev.likeness.portrait.training;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The program that goes a share of the way from one finished model's UNet and text encoder to those
 * of another that was trained on from it: what a reader rewards and nobody else sees shrinks, and
 * most of what was learnt stays (Wortsman et al. 2022, arXiv:2109.01903, eq. 1).
 *
 * <p>Arguments: {@code FROM-FOLDER TO-FOLDER SHARE OUT-FOLDER}; the files that it writes belong
 * into the model's folder.
 */
public final class MixPortrait {
  private static final List<String> FILES =
      List.of("unet/diffusion_pytorch_model.safetensors", "text_encoder/model.safetensors");

  private MixPortrait() {}

  public static void main(String[] args) {
    Usage.require(args, 4, 4, "MixPortrait FROM-FOLDER TO-FOLDER SHARE OUT-FOLDER");
    mix(Path.of(args[0]), Path.of(args[1]), Double.parseDouble(args[2]), Path.of(args[3]));
  }

  static void mix(Path from, Path to, double share, Path out) {
    if (!(share >= 0 && share <= 1)) {
      throw new IllegalArgumentException("a share of the way is 0 to 1, got " + share);
    }
    for (String file : FILES) {
      try (TensorScope scope = TensorScope.open();
          Safetensors start = Safetensors.open(from.resolve(file));
          Safetensors end = Safetensors.open(to.resolve(file))) {
        Map<String, Tensor> mixed = new LinkedHashMap<>();
        end.names()
            .forEach(name -> mixed.put(
                name, between(read(start, name, end.shape(name)), end.read(name), share)));
        Map<String, String> made = new LinkedHashMap<>(end.header().metadata());
        made.merge(
            "numbers",
            share + " of the way from " + FirstWeights.madeOf(from.resolve(file)),
            (last, way) -> last + ", " + way);
        SafetensorsWriter.write(out.resolve(file), mixed, made);
      }
    }
  }

  private static Tensor read(Safetensors saved, String name, long[] shape) {
    if (!saved.names().contains(name) || !Arrays.equals(saved.shape(name), shape)) {
      throw new InvalidInputException(saved + " has no " + name + " of " + Arrays.toString(shape)
          + "; give two models of one shape");
    }
    return saved.read(name);
  }

  private static Tensor between(Tensor start, Tensor end, double share) {
    Tensor first = start.to(ScalarType.Float);
    return first
        .add(end.to(ScalarType.Float).sub(first).mul(new Scalar(share)))
        .to(end.scalar_type());
  }
}
