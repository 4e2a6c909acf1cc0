package dev.likeness.diffusion.internal.family.stablediffusion;

import dev.likeness.diffusion.internal.memory.LayerUse;
import dev.likeness.diffusion.internal.memory.LayerUse.AttentionUse;
import dev.likeness.diffusion.internal.memory.NetworkLayout;
import dev.likeness.diffusion.internal.memory.NetworkLayout.Layers;
import dev.likeness.diffusion.internal.nn.unet.UNetConfig;

/**
 * The layers of a UNet by what they compute. Each level has a quarter of the positions of the level
 * above.
 */
final class UNetLayout {
  /** The tokens of a CLIP text. */
  private static final int CLIP_TOKENS = 77;

  private final UNetConfig config;
  private final double positions;
  private final NetworkLayout.Builder layout;

  private UNetLayout(UNetConfig config, double positions) {
    this.config = config;
    this.positions = positions;
    layout = new NetworkLayout.Builder(positions);
  }

  /** Declares the layers for latents of {@code positions} pixels. */
  static NetworkLayout of(UNetConfig config, double positions) {
    return new UNetLayout(config, positions).declare();
  }

  private NetworkLayout declare() {
    layout
        .layer("time_embedding.linear_1", LayerUse.CONDITIONING)
        .layer("time_embedding.linear_2", LayerUse.CONDITIONING)
        .layer("time_embedding.cond_proj", LayerUse.CONDITIONING)
        .layer("add_embedding.linear_1", LayerUse.CONDITIONING)
        .layer("add_embedding.linear_2", LayerUse.CONDITIONING)
        .layer("conv_in", LayerUse.at(positions))
        .layer("conv_out", LayerUse.at(positions).keepingInF32(3));
    int last = config.levels().size() - 1;
    for (int level = 0; level <= last; level++) {
      int layers = config.levels().get(level).layers();
      String down = "down_blocks." + level;
      units(down, level, layers, config.levels().get(level).transformers());
      sampler(down, "downsamplers", level + 1);
      String up = "up_blocks." + (last - level);
      units(up, level, layers + 1, config.levels().get(level).transformers());
      sampler(up, "upsamplers", level - 1);
    }
    units("mid_block", last, 2, config.mid().transformers());
    return layout.build();
  }

  /** A residual block and the attention after it are computed again as one. */
  private void units(String list, int level, int count, int transformers) {
    for (int i = 0; i < count; i++) {
      String block = list + "." + i;
      layout
          .module(block, list + ".resnets." + i, resnet(level))
          .module(block, list + ".attentions." + i, spatialTransformer(level, transformers));
    }
  }

  private void sampler(String list, String name, int level) {
    layout.module(
        list + "." + name,
        list + "." + name,
        new Layers().add("0.conv", LayerUse.at(at(level)).last()));
  }

  private double at(int level) {
    return positions / Math.pow(4, level);
  }

  private Layers resnet(int level) {
    LayerUse convolution = LayerUse.at(at(level)).keeping(2, 0);
    return new Layers()
        .add("conv1", convolution)
        .add("time_emb_proj", LayerUse.CONDITIONING)
        .add("conv2", convolution.last())
        .add("conv_shortcut", LayerUse.at(at(level)).sharingInput());
  }

  private Layers spatialTransformer(int level, int transformers) {
    Layers layers =
        new Layers().add("proj_in", LayerUse.at(at(level))).add("proj_out", LayerUse.at(at(level)));
    for (int i = 0; i < transformers; i++) {
      layers.add("transformer_blocks." + i, transformerBlock(level));
    }
    return layers;
  }

  private Layers transformerBlock(int level) {
    double image = at(level);
    int heads = config.levels().get(level).heads();
    AttentionUse self = new AttentionUse(heads, image * image, 5, 4, false, false);
    AttentionUse cross = new AttentionUse(heads, image * CLIP_TOKENS, 2, 2, false, false);
    return new Layers()
        .add("attn1", attention(image, image, self))
        .add("attn2", attention(image, CLIP_TOKENS, cross))
        .add("ff.net.0.proj", LayerUse.at(image).keeping(1, 1.5))
        .add("ff.net.2", LayerUse.at(image));
  }

  private static Layers attention(double queries, double keys, AttentionUse use) {
    return new Layers()
        .add("to_q", LayerUse.at(queries).asking(use))
        .add("to_k", LayerUse.at(keys).sharingInput())
        .add("to_v", LayerUse.at(keys).sharingInput())
        .add("to_out.0", LayerUse.at(queries));
  }
}
