package dev.likeness.ipadapter.internal.projection;

import dev.likeness.diffusion.internal.nn.LayerNorm;
import dev.likeness.diffusion.internal.nn.Linear;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.ipadapter.internal.file.AdapterLayout.Resampling;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;

/**
 * The layers of Flamingo's perceiver resampler (Alayrac et al. 2022, arXiv:2204.14198, section
 * 3.1.1).
 */
final class PerceiverResampler {
  private final Linear projIn;
  private final List<PerceiverLayer> layers;
  private final Linear projOut;
  private final LayerNorm normOut;

  PerceiverResampler(Weights w, Resampling shape, long in, long out) {
    this(w, shape, in, out, false);
  }

  private PerceiverResampler(Weights w, Resampling shape, long in, long out, boolean timed) {
    projIn = new Linear(w.at("proj_in"), in, shape.width());
    layers = IntStream.range(0, shape.depth())
        .mapToObj(i -> new PerceiverLayer(w.at("layers").at(i), shape, timed))
        .toList();
    projOut = new Linear(w.at("proj_out"), shape.width(), out);
    normOut = new LayerNorm(w.at("norm_out"), out);
  }

  /** Layers that are told the time. */
  static PerceiverResampler timed(Weights w, Resampling shape, long in, long out) {
    return new PerceiverResampler(w, shape, in, out, true);
  }

  /**
   * Lets latents [n, tokens, width] look at x [n, m, in], at a time [1, width] or null; returns [n,
   * tokens, out].
   */
  Tensor forward(Tensor latents, Tensor x, Tensor time) {
    Tensor projected = projIn.forward(x);
    Tensor seen = time == null ? projected : projected.add(time.unsqueeze(1));
    Tensor tokens = latents;
    for (PerceiverLayer layer : layers) {
      tokens = layer.forward(tokens, seen, time);
    }
    return normOut.forward(projOut.forward(tokens));
  }
}
