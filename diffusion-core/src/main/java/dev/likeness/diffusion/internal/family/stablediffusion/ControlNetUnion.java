package dev.likeness.diffusion.internal.family.stablediffusion;

import dev.likeness.diffusion.internal.nn.Activation;
import dev.likeness.diffusion.internal.nn.LayerNorm;
import dev.likeness.diffusion.internal.nn.Linear;
import dev.likeness.diffusion.internal.nn.TimestepEmbedding;
import dev.likeness.diffusion.internal.nn.Weights;
import java.util.Collection;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * What a ControlNet for several kinds of pictures has beside a plain one's layers, with the names
 * and numbers of diffusers' {@code ControlNetUnionModel}: the kinds are told beside the time, and
 * what is seen of each picture is moved by a vector made of its mean and its kind.
 */
final class ControlNetUnion {
  private final ControlNetConfig.Union config;
  private final Tensor tasks;
  private final List<Layer> layers;
  private final Linear move;
  private final TimestepEmbedding told;

  /**
   * Reads {@code task_embedding}, {@code transformer_layes}, {@code spatial_ch_projs} and
   * {@code control_add_embedding}.
   */
  ControlNetUnion(Weights w, ControlNetConfig.Union config, int width, int timeWidth) {
    this.config = config;
    tasks = w.tensor("task_embedding", config.kinds(), width);
    layers = IntStream.range(0, config.layers())
        .mapToObj(i -> new Layer(w.at("transformer_layes").at(i), width))
        .toList(); // sic
    move = new Linear(w.at("spatial_ch_projs"), width, width);
    told = new TimestepEmbedding(
        w.at("control_add_embedding"),
        config.kinds() * config.sinusoids().width(),
        timeWidth,
        Activation.SILU);
  }

  /**
   * What blocks listen to beside the time, [1, timeWidth], of all {@code kinds} of pictures that
   * are shown.
   */
  Tensor told(Collection<Integer> kinds) {
    Tensor flags = torch.zeros(
        new long[] {config.kinds()},
        tasks.options().dtype(new ScalarTypeOptional(ScalarType.Float)));
    kinds.forEach(kind -> flags.narrow(0, kind, 1).fill_(new Scalar(1.0)));
    return told.forward(config.sinusoids().of(flags).reshape(1, -1).to(tasks.scalar_type()));
  }

  /** What is seen of a picture, [1, width, h, w], moved, and counting so much. */
  Tensor moved(Tensor seen, int kind, double scale) {
    Scalar s = new Scalar(scale);
    Tensor x =
        seen.mean(new long[] {2, 3}, false, null).add(tasks.narrow(0, kind, 1)).mul(s);
    for (Layer layer : layers) {
      x = layer.forward(x);
    }
    return seen.add(move.forward(x).unsqueeze(-1).unsqueeze(-1)).mul(s);
  }

  /**
   * A block of the transformer. It attends along the batch, not from picture to picture, as it was
   * trained; all of a batch are shown the same, so that whatever queries and keys are, the answer
   * is a token's own value.
   */
  private static final class Layer {
    private final LayerNorm norm1;
    private final Tensor weight;
    private final Tensor bias;
    private final Linear out;
    private final LayerNorm norm2;
    private final Linear inner;
    private final Linear outer;

    Layer(Weights w, int width) {
      norm1 = new LayerNorm(w.at("ln_1"), width);
      weight = w.at("attn").tensor("in_proj_weight", 3L * width, width);
      bias = w.at("attn").tensor("in_proj_bias", 3L * width);
      out = new Linear(w.at("attn.out_proj"), width, width);
      norm2 = new LayerNorm(w.at("ln_2"), width);
      inner = new Linear(w.at("mlp.c_fc"), width, 4L * width);
      outer = new Linear(w.at("mlp.c_proj"), 4L * width, width);
    }

    Tensor forward(Tensor x) {
      // Queries and keys lie before the values.
      Tensor value = torch.linear(
          norm1.forward(x),
          weight.chunk(3, 0).get(2),
          new TensorOptional(bias.chunk(3, 0).get(2)));
      Tensor y = x.add(out.forward(value));
      return y.add(outer.forward(Activation.QUICK_GELU.of(inner.forward(norm2.forward(y)))));
    }
  }
}
