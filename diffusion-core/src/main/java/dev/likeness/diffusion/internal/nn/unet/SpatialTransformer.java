package dev.likeness.diffusion.internal.nn.unet;

import dev.likeness.diffusion.internal.family.stablediffusion.UNetConfig;
import dev.likeness.diffusion.internal.nn.Conv2d;
import dev.likeness.diffusion.internal.nn.GroupNorm;
import dev.likeness.diffusion.internal.nn.Linear;
import dev.likeness.diffusion.internal.nn.Weights;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;

/**
 * Transformer blocks over the pixels of a feature map, each pixel a token (Rombach et al. 2022,
 * arXiv:2112.10752).
 */
final class SpatialTransformer {
  private final GroupNorm norm;
  private final Conv2d convIn;
  private final Conv2d convOut;
  private final Linear linearIn;
  private final Linear linearOut;
  private final List<TransformerBlock> blocks;

  SpatialTransformer(
      Weights w, UNetConfig config, UNetConfig.Level level, int transformers, boolean onlyCross) {
    int width = level.channels();
    boolean linear = config.linearProjection();
    norm = new GroupNorm(w.at("norm"), config.groups(), width, 1e-6);
    convIn = linear ? null : new Conv2d(w.at("proj_in"), width, width, 1);
    double merged = level == config.largestAttending() ? w.merged() : 0;
    linearIn = linear ? new Linear(w.at("proj_in"), width, width) : null;
    blocks = IntStream.range(0, transformers)
        .mapToObj(i -> new TransformerBlock(
            w.at("transformer_blocks").at(i),
            width,
            level.contextWidth(),
            level.heads(),
            onlyCross,
            merged))
        .toList();
    convOut = linear ? null : new Conv2d(w.at("proj_out"), width, width, 1);
    linearOut = linear ? new Linear(w.at("proj_out"), width, width) : null;
  }

  /** Maps [batch, channels, h, w] to the same shape, attending to {@code context}. */
  Tensor forward(Tensor x, AttentionContext context) {
    Tensor normed = norm.forward(x);
    Tensor tokens =
        linearIn == null ? tokens(convIn.forward(normed)) : linearIn.forward(tokens(normed));
    for (TransformerBlock block : blocks) {
      tokens = block.forward(tokens, context, x.size(3));
    }
    Tensor image =
        linearOut == null ? convOut.forward(image(tokens, x)) : image(linearOut.forward(tokens), x);
    return x.add(image);
  }

  private static Tensor tokens(Tensor image) {
    return image.flatten(2, 3).transpose(1, 2);
  }

  private static Tensor image(Tensor tokens, Tensor like) {
    return tokens.transpose(1, 2).reshape(like.size(0), like.size(1), like.size(2), like.size(3));
  }
}
