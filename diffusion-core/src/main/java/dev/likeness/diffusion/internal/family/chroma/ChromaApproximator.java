package dev.likeness.diffusion.internal.family.chroma;

import dev.likeness.diffusion.internal.nn.Activation;
import dev.likeness.diffusion.internal.nn.Linear;
import dev.likeness.diffusion.internal.nn.SinusoidalEmbedding;
import dev.likeness.diffusion.internal.nn.TimestepEmbedding;
import dev.likeness.diffusion.internal.nn.Weights;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * Makes the shifts, scales and gates of all of Chroma's blocks at once from the time and the index
 * of each vector. Replaces the layers that each block of FLUX.1 has for them, as diffusers'
 * {@code ChromaApproximator} and {@code ChromaCombinedTimestepTextProjEmbeddings} do. Immutable and
 * shared by threads.
 */
final class ChromaApproximator {
  private static final double INDEX_SCALE = 1000;

  private final int vectors;
  private final SinusoidalEmbedding scalar;
  private final SinusoidalEmbedding index;
  private final Linear inProj;
  private final List<TimestepEmbedding> layers;
  private final List<Tensor> norms;
  private final Linear outProj;

  ChromaApproximator(ChromaConfig config, Weights w) {
    int channels = config.approximatorChannels();
    int width = config.approximatorWidth();
    vectors = config.vectors();
    scalar = new SinusoidalEmbedding(channels / 4, true, 0);
    index = new SinusoidalEmbedding(channels / 2, true, 0);
    inProj = new Linear(w.at("in_proj"), channels, width);
    layers = IntStream.range(0, config.approximatorLayers())
        .mapToObj(i -> new TimestepEmbedding(w.at("layers").at(i), width, width, Activation.SILU))
        .toList();
    norms = IntStream.range(0, config.approximatorLayers())
        .mapToObj(i -> w.at("norms").at(i).tensor("weight", width))
        .toList();
    outProj = new Linear(w.at("out_proj"), width, config.width());
  }

  /**
   * All vectors, [batch, vectors, width].
   *
   * @param timestep [batch] or [1], 0..1000, of the network's type
   */
  Tensor forward(Tensor timestep) {
    Tensor x = inProj.forward(features(timestep));
    for (int i = 0; i < layers.size(); i++) {
      x = x.add(layers.get(i).forward(normed(x, norms.get(i))));
    }
    return outProj.forward(x);
  }

  // The guidance is a constant 0 since it was distilled.
  private Tensor features(Tensor timestep) {
    Tensor told = torch
        .cat(new TensorVector(scalar.of(timestep), scalar.of(torch.zeros_like(timestep))), 1)
        .unsqueeze(1)
        .expand(-1, vectors, -1);
    Tensor indices = torch
        .arange(new Scalar((long) vectors), timestep.options())
        .to(torch.ScalarType.Float)
        .mul(new Scalar(INDEX_SCALE));
    Tensor own = index.of(indices).unsqueeze(0).expand(timestep.size(0), -1, -1);
    return torch.cat(new TensorVector(told, own), 2).to(timestep.scalar_type());
  }

  // The epsilon is that of the type, as the reference leaves it open.
  private static Tensor normed(Tensor x, Tensor weight) {
    return torch.rms_norm(
        x, new long[] {x.size(-1)}, new TensorOptional(weight), new DoubleOptional());
  }
}
