package dev.likeness.diffusion.internal.file;

import dev.likeness.diffusion.internal.family.stablediffusion.ControlNetConfig;
import dev.likeness.diffusion.internal.family.stablediffusion.ControlNetModel;
import dev.likeness.diffusion.internal.family.stablediffusion.UNet2DConditionModel;
import dev.likeness.diffusion.internal.nn.Parameters;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.nn.unet.UNetConfig;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.text.ClipTextConfig;
import dev.likeness.diffusion.internal.text.ClipTextEncoder;
import dev.likeness.diffusion.internal.vae.AutoencoderConfig;
import dev.likeness.diffusion.internal.vae.AutoencoderKL;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** Names and shapes without tensors: what a network of some config reads, whatever its size. */
public final class ListedTensors extends KeyList {
  private ListedTensors(Map<String, long[]> shapes) {
    super("a list", shapes);
  }

  /** What a UNet of this shape reads. */
  public static ListedTensors of(UNetConfig config) {
    return recorded(weights -> new UNet2DConditionModel(config, weights));
  }

  /** What a ControlNet of this shape reads. */
  public static ListedTensors of(ControlNetConfig config) {
    return recorded(weights -> new ControlNetModel(config, weights));
  }

  /** What an autoencoder of this shape reads. */
  public static ListedTensors of(AutoencoderConfig config) {
    return recorded(weights -> new AutoencoderKL(config, weights));
  }

  /** What a text encoder of this shape reads. */
  public static ListedTensors of(ClipTextConfig config) {
    return recorded(weights -> new ClipTextEncoder(config, weights));
  }

  private static ListedTensors recorded(Consumer<Weights> network) {
    Map<String, long[]> shapes = new LinkedHashMap<>();
    try (TensorScope scope = TensorScope.open()) {
      Tensor none = torch.empty(0);
      network.accept(Weights.of(new Parameters() {
        @Override
        public boolean has(String name) {
          return true;
        }

        @Override
        public Tensor get(String name, long... shape) {
          shapes.put(name, shape);
          return none;
        }
      }));
    }
    return new ListedTensors(shapes);
  }

  /** These tensors as a foreign layout names and shapes them, added to {@code file}. */
  public void addTo(Map<String, long[]> file, KeyMapping layout) {
    CanonicalTensors.foreignNames(names(), layout).forEach((name, parts) -> {
      long[] shape = shape(parts.get(0)).clone();
      shape[0] *= parts.size();
      file.put(
          name,
          switch (layout.locate(parts.get(0)).form()) {
            case AS_STORED, HALVES_SWAPPED, IDENTITY -> shape;
            case TRANSPOSED -> new long[] {shape[1], shape[0]};
            case POINTWISE -> new long[] {shape[0], shape[1], 1, 1};
          });
    });
  }
}
