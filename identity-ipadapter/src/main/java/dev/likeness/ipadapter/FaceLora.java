package dev.likeness.ipadapter;

import dev.likeness.diffusion.adapt.SidePath;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.weights.LoadedWeights;
import dev.likeness.diffusion.weights.TensorSource;
import dev.likeness.ipadapter.layout.BaseAttentions;
import dev.likeness.ipadapter.layout.LoraTwin;
import java.util.HashMap;
import java.util.Map;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** The LoRA that FaceID was trained with: every attention's four layers, at a strength of its own. */
final class FaceLora implements AutoCloseable {
  private final LoadedWeights weights;
  private final Map<String, Factors> factors = new HashMap<>();

  private record Factors(Tensor down, Tensor up) { }

  /**
   * Reads {@code to_q}, {@code to_k}, {@code to_v} and {@code to_out} of every attention; takes over {@code source}.
   *
   * @throws dev.likeness.diffusion.error.UnusableInput when one is missing or does not fit the base
   */
  FaceLora(TensorSource source, BaseAttentions base, Compute compute) {
    weights = new LoadedWeights(source, compute);
    for (int n = 0; n < 2 * base.paths().size(); n++) {
      for (String layer : LoraTwin.LAYERS) {
        factors.put(base.at(n) + "." + LoraTwin.module(layer), factors(base, n, layer));
      }
    }
  }

  private Factors factors(BaseAttentions base, int n, String layer) {
    String key = LoraTwin.key(n, layer);
    long width = base.widths().get(n / 2);
    boolean fromText = n % 2 == 1 && (layer.equals("k") || layer.equals("v"));
    long rank = weights.has(key + ".down.weight") ? weights.shape(key + ".down.weight")[0] : 1;
    Tensor down = weights.get(key + ".down.weight", rank, fromText ? base.contextWidth() : width);
    Tensor up = weights.get(key + ".up.weight", width, rank);
    return new Factors(down, up);
  }

  /** What is added beside the layer at {@code module}, or null. */
  SidePath at(String module, double strength) {
    Factors pair = factors.get(module);
    return pair == null ? null : x -> {
      Tensor delta = torch.linear(torch.linear(x, pair.down), pair.up);
      return strength == 1 ? delta : delta.mul(new Scalar(strength));
    };
  }

  @Override
  public void close() {
    weights.close();
  }
}
