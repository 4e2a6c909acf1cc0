package dev.likeness.diffusion.internal.family.sd3;

import dev.likeness.diffusion.internal.family.StreamLayout;
import dev.likeness.diffusion.internal.memory.BlockNames;
import dev.likeness.diffusion.internal.memory.LayerUse;
import dev.likeness.diffusion.internal.memory.NetworkLayout;
import dev.likeness.diffusion.internal.nn.BlockList;
import dev.likeness.diffusion.internal.nn.Conv2d;
import dev.likeness.diffusion.internal.nn.FeedForward;
import dev.likeness.diffusion.internal.nn.Linear;
import dev.likeness.diffusion.internal.nn.SegmentRunner;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.nn.transformer.AdaLayerNorm;
import dev.likeness.diffusion.internal.nn.transformer.FirstBlockCache;
import dev.likeness.diffusion.internal.nn.transformer.JointAttention;
import dev.likeness.diffusion.internal.nn.transformer.QkvProjection;
import dev.likeness.diffusion.internal.nn.transformer.TimeTextEmbedding;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.util.List;
import java.util.Set;
import java.util.function.BiFunction;
import org.bytedeco.pytorch.Tensor;

/**
 * The denoising network of Stable Diffusion 3 and 3.5 (Esser et al. 2024, arXiv:2403.03206), with
 * the names and numbers of diffusers' {@code SD3Transformer2DModel}. Immutable and shared by
 * threads.
 */
public final class Sd3Transformer2DModel {
  /** The blocks of the network, which are streamed one by one. */
  static final BlockNames BLOCKS = BlockNames.of("transformer_blocks");

  private final Sd3Config config;
  private final PatchEmbedding patches;
  private final TimeTextEmbedding embedding;
  private final Linear contextEmbedder;
  private final BlockList<Sd3Block> blocks;
  private final AdaLayerNorm normOut;
  private final Linear projOut;

  public Sd3Transformer2DModel(Sd3Config config, Weights w) {
    this.config = config;
    int width = config.width();
    patches = new PatchEmbedding(w.at("pos_embed"), config);
    embedding = new TimeTextEmbedding(w.at("time_text_embed"), width, config.pooledWidth(), false);
    contextEmbedder = new Linear(w.at("context_embedder"), config.textWidth(), width);
    blocks = BlockList.of(
        w.at("transformer_blocks"), config.layers(), (block, i) -> new Sd3Block(block, config, i));
    normOut = new AdaLayerNorm(w.at("norm_out"), width, 2);
    projOut = new Linear(
        w.at("proj_out"), width, (long) config.patch() * config.patch() * config.outChannels());
  }

  /** Declares the layers for an image of {@code image} tokens. */
  static NetworkLayout layout(Sd3Config config, double image) {
    StreamLayout streams = new StreamLayout(
        image,
        Sd3Family.CLIP_TOKENS + Sd3Networks.T5_TOKENS,
        config.heads(),
        config.hasQkNorm(),
        false);
    return new NetworkLayout.Builder(image)
        .layer("pos_embed.proj", LayerUse.at(image))
        .module("time_text_embed", StreamLayout.timeTextEmbedding())
        .layer("context_embedder", LayerUse.at(streams.text()))
        .blocks(
            "transformer_blocks",
            config.layers(),
            streams
                .doubleBlock()
                .add("attn2", streams.selfAttention(image, 4))
                .add("norm1.linear", LayerUse.modulating(image))
                .add("norm1_context.linear", LayerUse.modulating(streams.text())))
        .layer("norm_out.linear", LayerUse.CONDITIONING)
        .layer("proj_out", LayerUse.at(image))
        .build();
  }

  public Sd3Config config() {
    return config;
  }

  /**
   * Predicts the flow for noisy latents.
   *
   * @param latents [batch, inChannels, h, w], sides a multiple of the patch
   * @param timestep [batch] or [1], 0..1000, f32
   * @param text [batch, textTokens, textWidth]
   * @param pooled [batch, pooledWidth]
   * @param skipped blocks to skip, for skip-layer guidance
   * @param cache the first-block cache, or null
   * @return [batch, outChannels, h, w], owned by the calling scope
   */
  public Tensor forward(
      Tensor latents,
      Tensor timestep,
      Tensor text,
      Tensor pooled,
      Set<Integer> skipped,
      FirstBlockCache cache) {
    return forward(latents, timestep, text, pooled, skipped, cache, SegmentRunner.current());
  }

  /** Predicts the flow with blocks run by {@code segments}. */
  public Tensor forward(
      Tensor latents, Tensor timestep, Tensor text, Tensor pooled, SegmentRunner segments) {
    return forward(latents, timestep, text, pooled, Set.of(), null, segments);
  }

  private Tensor forward(
      Tensor latents,
      Tensor timestep,
      Tensor text,
      Tensor pooled,
      Set<Integer> skipped,
      FirstBlockCache cache,
      SegmentRunner segments) {
    // Owned by the calling scope, because segments may run again after this call.
    Tensor time = timestep.narrow(0, 0, 1);
    try (TensorScope call = TensorScope.open()) {
      Tensor conditioned = embedding.forward(timestep, null, pooled);
      Tensor image;
      try (BlockList.Pass<Sd3Block> pass = blocks.pass(i -> !skipped.contains(i))) {
        JointAttention.Streams start =
            new JointAttention.Streams(patches.forward(latents), contextEmbedder.forward(text));
        image = forwardBlocks(
            pass,
            start,
            (block, x) -> x.apply((in, emb) -> block.forward(in, emb, time), conditioned, segments),
            cache);
      }
      List<Tensor> m = normOut.vectors(conditioned);
      Tensor tokens = projOut.forward(AdaLayerNorm.apply(image, m.get(1), m.get(0)));
      return call.promote(
          unpatchify(tokens, latents.size(2) / config.patch(), latents.size(3) / config.patch()));
    }
  }

  /**
   * The image tokens after all blocks. If {@code cache}, which may be null, applies, only the first
   * block is computed.
   */
  private static Tensor forwardBlocks(
      BlockList.Pass<Sd3Block> pass,
      JointAttention.Streams start,
      BiFunction<Sd3Block, JointAttention.Streams, JointAttention.Streams> run,
      FirstBlockCache cache) {
    JointAttention.Streams x = start;
    while (pass.hasNext()) {
      try (TensorScope scope = TensorScope.open()) {
        JointAttention.Streams y = run.apply(pass.next(), x);
        Tensor known = x == start && cache != null ? cache.predict(x.image(), y.image()) : null;
        if (known != null) {
          return scope.promote(known);
        }
        Tensor image = scope.replace(x.image(), y.image());
        x = new JointAttention.Streams(
            image, y.text() == null ? x.text() : scope.replace(x.text(), y.text()));
      }
    }
    if (cache != null) {
      cache.update(x.image());
    }
    return x.image();
  }

  private Tensor unpatchify(Tensor tokens, long rows, long columns) {
    long p = config.patch();
    return tokens
        .view(new long[] {tokens.size(0), rows, columns, p, p, config.outChannels()})
        .permute(0, 5, 1, 3, 2, 4)
        .reshape(tokens.size(0), config.outChannels(), rows * p, columns * p);
  }

  /**
   * Converts latents to tokens, one for each patch, and adds the centre of a stored grid of
   * position embeddings.
   */
  static final class PatchEmbedding {
    private final Conv2d proj;
    private final Tensor positions;
    private final int patch;
    private final int side;

    /** Reads {@code proj} and {@code pos_embed} [1, positions * positions, width]. */
    PatchEmbedding(Weights w, Sd3Config config) {
      patch = config.patch();
      side = config.positions();
      proj = new Conv2d(w.at("proj"), config.inChannels(), config.width(), patch, patch, 0);
      positions = w.tensor("pos_embed", 1, (long) side * side, config.width());
    }

    /** Maps [batch, channels, h, w] to [batch, tokens, width], row by row. */
    Tensor forward(Tensor latents) {
      Tensor tokens = proj.forward(latents).flatten(2, 3).transpose(1, 2).contiguous();
      return tokens.add(croppedPositions(latents.size(2) / patch, latents.size(3) / patch));
    }

    private Tensor croppedPositions(long rows, long columns) {
      if (rows > side || columns > side) {
        throw new IllegalArgumentException(
            "an image of " + columns + "x" + rows + " tokens exceeds the " + side + "x" + side
                + " positions of the model; use a smaller size");
      }
      return positions
          .view(1, side, side, -1)
          .narrow(1, (side - rows) / 2, rows)
          .narrow(2, (side - columns) / 2, columns)
          .reshape(1, rows * columns, -1);
    }
  }

  /**
   * Stable Diffusion 3's block (MMDiT; with a second attention over the image alone, MMDiT-X):
   * joint attention, then each stream's own feed-forward. The last block returns no text.
   */
  static final class Sd3Block {
    private final AdaLayerNorm norm1;
    private final AdaLayerNorm norm1Context;
    private final JointAttention attention;
    private final JointAttention attention2;
    private final FeedForward.GeluFeedForward ff;
    private final FeedForward.GeluFeedForward ffContext;

    Sd3Block(Weights w, Sd3Config config, int index) {
      int width = config.width();
      QkvProjection.Style style = new QkvProjection.Style(config.hasQkNorm(), true, 1e-6);
      boolean last = index == config.layers() - 1;
      boolean dual = config.dualLayers().contains(index);
      norm1 = new AdaLayerNorm(w.at("norm1"), width, dual ? 9 : 6);
      norm1Context = new AdaLayerNorm(w.at("norm1_context"), width, last ? 2 : 6);
      attention = JointAttention.joint(
          w.at("attn"), width, config.heads(), style, JointAttention.Order.IMAGE_FIRST, !last);
      attention2 =
          dual ? JointAttention.single(w.at("attn2"), width, config.heads(), style, true) : null;
      ff = new FeedForward.GeluFeedForward(w.at("ff"), width);
      ffContext = last ? null : new FeedForward.GeluFeedForward(w.at("ff_context"), width);
    }

    /** Returns true if the block returns text tokens. */
    boolean returnsText() {
      return ffContext != null;
    }

    /**
     * Both streams after the block.
     *
     * @param embedding the conditioning of the block, [batch, width]
     * @param time the timestep for adapters, [1], 0..1000
     */
    JointAttention.Streams forward(JointAttention.Streams x, Tensor embedding, Tensor time) {
      List<Tensor> m = norm1.vectors(embedding);
      List<Tensor> c = norm1Context.vectors(embedding);
      Tensor text = returnsText()
          ? AdaLayerNorm.apply(x.text(), c.get(0), c.get(1))
          : AdaLayerNorm.apply(x.text(), c.get(1), c.get(0));
      Tensor image = AdaLayerNorm.apply(x.image(), m.get(0), m.get(1));
      JointAttention.Streams attended =
          attention.forward(new JointAttention.Streams(image, text), null, time);
      Tensor h = x.image().add(m.get(2).mul(attended.image()));
      if (attention2 != null) {
        Tensor again =
            attention2.forward(AdaLayerNorm.apply(x.image(), m.get(6), m.get(7)), null, null, time);
        h = h.add(m.get(8).mul(again));
      }
      return new JointAttention.Streams(
          addFeedForward(h, m, ff),
          returnsText()
              ? addFeedForward(x.text().add(c.get(2).mul(attended.text())), c, ffContext)
              : null);
    }

    private static Tensor addFeedForward(Tensor h, List<Tensor> m, FeedForward.GeluFeedForward ff) {
      return h.add(m.get(5).mul(ff.forward(AdaLayerNorm.apply(h, m.get(3), m.get(4)))));
    }
  }
}
