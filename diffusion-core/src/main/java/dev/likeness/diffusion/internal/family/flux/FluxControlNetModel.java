package dev.likeness.diffusion.internal.family.flux;

import dev.likeness.diffusion.internal.nn.ConditioningEmbedding;
import dev.likeness.diffusion.internal.nn.Linear;
import dev.likeness.diffusion.internal.nn.SegmentRunner;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.nn.transformer.LatentPacking;
import dev.likeness.diffusion.internal.nn.transformer.RotaryEmbedding;
import dev.likeness.diffusion.internal.nn.transformer.Streams;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * Blocks beside FLUX's that look at a picture as well and add to what the transformer's leave, with
 * the names and numbers of diffusers' {@code FluxControlNetModel}. Immutable and shared by threads.
 */
public final class FluxControlNetModel {
  private static final List<Integer> HINT_WIDTHS = List.of(16, 16, 16, 16);

  private final FluxControlNetConfig config;
  private final FluxBackbone trunk;
  private final ConditioningEmbedding hintBlock;
  private final Linear hintEmbedder;
  private final Tensor modes;
  private final List<Linear> blockOut;
  private final List<Linear> singleOut;

  public FluxControlNetModel(FluxControlNetConfig config, Weights w) {
    this.config = config;
    FluxConfig own = config.trunk();
    trunk = new FluxBackbone(own, w);
    hintBlock = config.hintChannels() == 0
        ? null
        : new ConditioningEmbedding(
            w.at("input_hint_block"), 3, HINT_WIDTHS, config.hintChannels());
    hintEmbedder = new Linear(w.at("controlnet_x_embedder"), own.inChannels(), own.width());
    modes = config.modes() == 0
        ? null
        : w.at("controlnet_mode_embedder").tensor("weight", config.modes(), own.width());
    blockOut = outs(w.at("controlnet_blocks"), own.layers(), own.width());
    singleOut = outs(w.at("controlnet_single_blocks"), own.singleLayers(), own.width());
  }

  private static List<Linear> outs(Weights w, int count, int width) {
    return IntStream.range(0, count)
        .mapToObj(i -> new Linear(w.at(i), width, width))
        .toList();
  }

  public FluxControlNetConfig config() {
    return config;
  }

  /**
   * What {@link #forward} is given of a picture, owned by the calling scope.
   *
   * @param seen its latents [batch, channels, h, w], or its pixels in -1..1 where the network has
   *     layers of its own for them
   */
  public Tensor hint(Tensor seen) {
    try (TensorScope call = TensorScope.open()) {
      return call.promote(hintEmbedder.forward(
          LatentPacking.pack(hintBlock == null ? seen : hintBlock.forward(seen))));
    }
  }

  /**
   * What to add to the transformer for noisy tokens; owned by the calling scope.
   *
   * @param tokens packed latents [batch, imageTokens, inChannels]
   * @param time [batch] or [1], 0..1, f32
   * @param rotation positions of the text's tokens, then of the picture's
   * @param hint of {@link #hint}
   * @param mode which kind of picture it is, for networks that are told; else ignored
   */
  public FluxResiduals forward(
      Tensor tokens,
      Tensor time,
      FluxConditioning told,
      RotaryEmbedding rotation,
      Tensor hint,
      int mode) {
    List<Tensor> blocks = new ArrayList<>();
    List<Tensor> singles = new ArrayList<>();
    try (TensorScope call = TensorScope.open()) {
      Tensor text = trunk.text(told);
      if (modes != null) {
        Tensor first = modes.narrow(0, mode, 1).unsqueeze(0).expand(text.size(0), 1, text.size(2));
        text = torch.cat(new TensorVector(first, text), 1);
      }
      Streams start = new Streams(trunk.embedded(tokens).add(hint), text);
      trunk.through(
          start,
          trunk.listened(tokens, time, told),
          modes == null ? rotation : rotation.afterOrigin(),
          (single, i, image) -> (single ? singles : blocks)
              .add((single ? singleOut : blockOut).get(i).forward(image)),
          null,
          SegmentRunner.PLAIN);
      blocks.forEach(call::promote);
      singles.forEach(call::promote);
    }
    return new FluxResiduals(blocks, singles, hintBlock != null);
  }
}
