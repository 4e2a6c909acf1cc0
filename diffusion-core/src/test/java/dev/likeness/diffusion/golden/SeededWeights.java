package dev.likeness.diffusion.golden;

import dev.likeness.diffusion.internal.natives.LibTorch;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import org.bytedeco.pytorch.Generator;
import org.bytedeco.pytorch.GeneratorOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The weights that {@code tools/goldens/seeded.py} makes: libtorch's CPU generator is the same in
 * both languages.
 */
public final class SeededWeights {
  private SeededWeights() {}

  /**
   * The tensors of {@code shapes}, f32, drawn in the order of their names; owned by the calling
   * scope.
   */
  public static Map<String, Tensor> of(Map<String, long[]> shapes, long seed) {
    LibTorch.load();
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    try (Generator generator = torch.createCPUGenerator(seed);
        GeneratorOptional drawing = new GeneratorOptional(generator)) {
      new TreeMap<>(shapes)
          .forEach((name, shape) -> tensors.put(
              name,
              scaled(
                  name, shape, torch.randn(shape, drawing, new TensorOptions(ScalarType.Float)))));
    }
    return tensors;
  }

  private static Tensor scaled(String name, long[] shape, Tensor r) {
    if (shape.length < 2) {
      Tensor small = r.mul(new Scalar(0.1));
      return name.endsWith("weight") || name.endsWith("running_var")
          ? small.add(new Scalar(1.0))
          : small;
    }
    if (name.endsWith("token_embedding.weight") || name.endsWith("position_embedding.weight")) {
      return r.mul(new Scalar(0.5));
    }
    return r.div(new Scalar(Math.sqrt((double) r.numel() / shape[0])));
  }
}
