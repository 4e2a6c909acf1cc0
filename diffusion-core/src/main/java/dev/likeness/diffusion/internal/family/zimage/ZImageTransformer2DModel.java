package dev.likeness.diffusion.internal.family.zimage;

import dev.likeness.diffusion.internal.family.LoadedQwen3;
import dev.likeness.diffusion.internal.family.StreamLayout;
import dev.likeness.diffusion.internal.memory.BlockNames;
import dev.likeness.diffusion.internal.memory.LayerUse;
import dev.likeness.diffusion.internal.memory.NetworkLayout;
import dev.likeness.diffusion.internal.nn.Activation;
import dev.likeness.diffusion.internal.nn.BlockList;
import dev.likeness.diffusion.internal.nn.FeedForward;
import dev.likeness.diffusion.internal.nn.Linear;
import dev.likeness.diffusion.internal.nn.RmsNorm;
import dev.likeness.diffusion.internal.nn.SegmentRunner;
import dev.likeness.diffusion.internal.nn.SinusoidalEmbedding;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.nn.transformer.AdaLayerNorm;
import dev.likeness.diffusion.internal.nn.transformer.JointAttention;
import dev.likeness.diffusion.internal.nn.transformer.RotaryEmbedding;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * The denoising network of Z-Image (arXiv:2511.22699), with the names and numbers of diffusers'
 * {@code ZImageTransformer2DModel}. Immutable and shared by threads.
 */
public final class ZImageTransformer2DModel {
  /** The blocks of the network, which are streamed one by one. */
  static final BlockNames BLOCKS = BlockNames.of("noise_refiner", "context_refiner", "layers");

  private static final SinusoidalEmbedding SINUSOIDS = new SinusoidalEmbedding(256, true, 0);
  private static final int TIME_INNER = 1024;

  private final ZImageConfig config;
  private final Linear xEmbedder;
  private final Linear time1;
  private final Linear time2;
  private final RmsNorm textNorm;
  private final Linear textEmbedder;
  private final Tensor xPad;
  private final Tensor textPad;
  private final BlockList<ZImageBlock> noiseRefiner;
  private final BlockList<ZImageBlock> textRefiner;
  private final BlockList<ZImageBlock> layers;
  private final Linear scaleOut;
  private final Linear projOut;

  public ZImageTransformer2DModel(ZImageConfig config, Weights w) {
    this.config = config;
    int width = config.width();
    int token = config.channels() * ZImageConfig.PATCH * ZImageConfig.PATCH;
    xEmbedder = new Linear(w.at("all_x_embedder.2-1"), token, width);
    time1 = new Linear(w.at("t_embedder.mlp.0"), SINUSOIDS.width(), TIME_INNER);
    time2 = new Linear(w.at("t_embedder.mlp.2"), TIME_INNER, config.modulation());
    textNorm = new RmsNorm(w.at("cap_embedder.0"), config.textWidth(), config.eps());
    textEmbedder = new Linear(w.at("cap_embedder.1"), config.textWidth(), width);
    xPad = w.tensor("x_pad_token", 1, width);
    textPad = w.tensor("cap_pad_token", 1, width);
    noiseRefiner = BlockList.of(
        w.at("noise_refiner"),
        config.refiners(),
        (block, i) -> new ZImageBlock(block, config, true));
    textRefiner = BlockList.of(
        w.at("context_refiner"),
        config.refiners(),
        (block, i) -> new ZImageBlock(block, config, false));
    layers = BlockList.of(
        w.at("layers"), config.layers(), (block, i) -> new ZImageBlock(block, config, true));
    scaleOut =
        new Linear(w.at("all_final_layer.2-1.adaLN_modulation.1"), config.modulation(), width);
    projOut = new Linear(w.at("all_final_layer.2-1.linear"), width, token);
  }

  /** Declares the layers for an image of {@code image} tokens. */
  static NetworkLayout layout(ZImageConfig config, double image) {
    StreamLayout streams =
        new StreamLayout(image, LoadedQwen3.TOKENS, config.heads(), config.hasQkNorm(), true);
    return new NetworkLayout.Builder(image)
        .layer("all_x_embedder.2-1", LayerUse.at(image))
        .layer("t_embedder.mlp.0", LayerUse.CONDITIONING)
        .layer("t_embedder.mlp.2", LayerUse.CONDITIONING)
        .layer("cap_embedder.1", LayerUse.at(streams.text()))
        .blocks("noise_refiner", config.refiners(), block(streams, image))
        .blocks("context_refiner", config.refiners(), block(streams, streams.text()))
        .blocks("layers", config.layers(), block(streams, streams.joint()))
        .layer("all_final_layer.2-1.adaLN_modulation.1", LayerUse.CONDITIONING)
        .layer("all_final_layer.2-1.linear", LayerUse.at(image))
        .build();
  }

  // The four norms of a block keep their inputs.
  private static NetworkLayout.Layers block(StreamLayout streams, double tokens) {
    return new NetworkLayout.Layers()
        .add("attention", streams.selfAttention(tokens, 5))
        .add("feed_forward.w1", LayerUse.at(tokens).keeping(4, 3))
        .add("feed_forward.w2", LayerUse.at(tokens).last())
        .add("feed_forward.w3", LayerUse.at(tokens))
        .add("adaLN_modulation.0", LayerUse.CONDITIONING);
  }

  public ZImageConfig config() {
    return config;
  }

  /**
   * Predicts the direction from noise to image, the negative flow.
   *
   * @param latents [batch, channels, h, w], sides even
   * @param time the share of signal, [batch] or [1], 0..1, f32
   * @param words result of {@link #embedText}
   * @param segments runs the blocks
   * @return [batch, channels, h, w], owned by the calling scope
   */
  Tensor forward(
      Tensor latents, Tensor time, Tensor words, ZImageSequence sequence, SegmentRunner segments) {
    // Owned by the calling scope, because segments may run again after this call.
    RotaryEmbedding joint = sequence.joint();
    Tensor mask = castMask(sequence.jointMask(), latents);
    try (TensorScope call = TensorScope.open()) {
      Tensor embeddedTime = timeEmbedding(time, latents);
      Tensor image = forwardBlocks(
          noiseRefiner,
          embedImage(latents, sequence),
          embeddedTime,
          sequence.image(),
          null,
          segments);
      Tensor both = forwardBlocks(
          layers,
          torch.cat(new TensorVector(image, words), 1),
          embeddedTime,
          joint,
          mask,
          segments);
      Tensor own = both.narrow(1, 0, sequence.imageTokens());
      Tensor scale = scaleOut.forward(Activation.SILU.apply(embeddedTime)).unsqueeze(1);
      return call.promote(unpatchify(projOut.forward(AdaLayerNorm.apply(own, scale)), latents));
    }
  }

  /**
   * Embeds texts, for all steps.
   *
   * @param text the language model's tokens [batch, any, textWidth]; the sequence has their counts
   * @param segments runs the blocks
   * @return [batch, the sequence's text tokens, width], owned by the calling scope
   */
  Tensor embedText(Tensor text, ZImageSequence sequence, SegmentRunner segments) {
    Tensor mask = castMask(sequence.mask(), text);
    try (TensorScope call = TensorScope.open()) {
      Tensor embedded = padText(text, sequence);
      return call.promote(
          forwardBlocks(textRefiner, embedded, null, sequence.text(), mask, segments));
    }
  }

  private Tensor timeEmbedding(Tensor time, Tensor like) {
    Tensor features =
        SINUSOIDS.embed(time.mul(new Scalar(config.timeScale()))).to(like.scalar_type());
    return time2.forward(Activation.SILU.apply(time1.forward(features)));
  }

  private static Tensor castMask(Tensor mask, Tensor like) {
    return mask == null ? null : mask.to(like.scalar_type());
  }

  /** The image tokens, followed by the network's padding tokens. */
  private Tensor embedImage(Tensor latents, ZImageSequence sequence) {
    long batch = latents.size(0);
    long h = latents.size(2) / 2;
    long w = latents.size(3) / 2;
    Tensor tokens = xEmbedder.forward(latents
        .reshape(batch, latents.size(1), h, 2, w, 2)
        .permute(0, 2, 4, 3, 5, 1)
        .reshape(batch, h * w, -1));
    long missing = sequence.paddedTokens() - h * w;
    return missing == 0
        ? tokens
        : torch.cat(
            new TensorVector(
                tokens, xPad.to(tokens.scalar_type()).unsqueeze(0).expand(batch, missing, -1)),
            1);
  }

  private Tensor padText(Tensor text, ZImageSequence sequence) {
    long count = Math.min(text.size(1), sequence.textTokens());
    Tensor own = textEmbedder.forward(textNorm.forward(text.narrow(1, 0, count)));
    Tensor all = torch.constant_pad_nd(
        own, new long[] {0, 0, 0, sequence.textTokens() - count}, new Scalar(0.0));
    return torch.where(sequence.padding(), textPad.to(all.scalar_type()), all);
  }

  private static Tensor forwardBlocks(
      BlockList<ZImageBlock> blocks,
      Tensor start,
      Tensor embeddedTime,
      RotaryEmbedding rotation,
      Tensor mask,
      SegmentRunner segments) {
    Tensor x = start;
    try (BlockList.Pass<ZImageBlock> pass = blocks.pass()) {
      while (pass.hasNext()) {
        try (TensorScope scope = TensorScope.open()) {
          ZImageBlock block = pass.next();
          Tensor y = embeddedTime == null
              ? segments.run(in -> block.forward(in[0], null, rotation, mask), x)
              : segments.run(in -> block.forward(in[0], in[1], rotation, mask), x, embeddedTime);
          x = scope.replace(x, y);
        }
      }
    }
    return x;
  }

  private static Tensor unpatchify(Tensor tokens, Tensor like) {
    long h = like.size(2) / 2;
    long w = like.size(3) / 2;
    return tokens
        .view(new long[] {tokens.size(0), h, w, 2, 2, like.size(1)})
        .permute(0, 5, 1, 3, 2, 4)
        .reshape(tokens.size(0), like.size(1), 2 * h, 2 * w);
  }

  /**
   * Z-Image's block: attention and feed-forward over one stream, each normalised before and after;
   * with time, scaled before and gated after.
   */
  static final class ZImageBlock {
    private static final int VECTORS = 4;

    private final JointAttention attention;
    private final FeedForward.GatedFeedForward ff;
    private final RmsNorm attentionNorm1;
    private final RmsNorm attentionNorm2;
    private final RmsNorm ffNorm1;
    private final RmsNorm ffNorm2;
    private final Linear modulation;

    /** @param timed true if the block takes the time */
    ZImageBlock(Weights w, ZImageConfig config, boolean timed) {
      int width = config.width();
      attention =
          JointAttention.single(w.at("attention"), width, config.heads(), config.style(), true);
      ff = FeedForward.GatedFeedForward.separate(w.at("feed_forward"), width, config.innerDim());
      attentionNorm1 = new RmsNorm(w.at("attention_norm1"), width, config.eps());
      attentionNorm2 = new RmsNorm(w.at("attention_norm2"), width, config.eps());
      ffNorm1 = new RmsNorm(w.at("ffn_norm1"), width, config.eps());
      ffNorm2 = new RmsNorm(w.at("ffn_norm2"), width, config.eps());
      modulation = timed
          ? new Linear(w.at("adaLN_modulation.0"), config.modulation(), (long) VECTORS * width)
          : null;
    }

    /**
     * Maps [batch, tokens, width] to the same shape; {@code time} is [batch, modulation], or null
     * for a block without.
     */
    Tensor forward(Tensor x, Tensor time, RotaryEmbedding rotation, Tensor mask) {
      if (modulation == null) {
        Tensor h = x.add(
            attentionNorm2.forward(attention.forward(attentionNorm1.forward(x), rotation, mask)));
        return h.add(ffNorm2.forward(ff.forward(ffNorm1.forward(h))));
      }
      Tensor all = modulation.forward(time).unsqueeze(1);
      List<Tensor> m = IntStream.range(0, VECTORS)
          .mapToObj(i -> all.narrow(2, i * x.size(2), x.size(2)))
          .toList();
      Tensor attended =
          attention.forward(scaled(attentionNorm1.forward(x), m.get(0)), rotation, mask);
      Tensor h = x.add(m.get(1).tanh().mul(attentionNorm2.forward(attended)));
      return h.add(
          m.get(3).tanh().mul(ffNorm2.forward(ff.forward(scaled(ffNorm1.forward(h), m.get(2))))));
    }

    private static Tensor scaled(Tensor x, Tensor by) {
      return x.mul(by.add(new Scalar(1.0)));
    }
  }
}
