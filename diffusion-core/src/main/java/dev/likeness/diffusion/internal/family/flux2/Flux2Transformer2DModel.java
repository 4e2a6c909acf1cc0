package dev.likeness.diffusion.internal.family.flux2;

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
import dev.likeness.diffusion.internal.nn.TimestepEmbedding;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.nn.transformer.AdaLayerNorm;
import dev.likeness.diffusion.internal.nn.transformer.DoubleStreamBackbone;
import dev.likeness.diffusion.internal.nn.transformer.DoubleStreamBlock;
import dev.likeness.diffusion.internal.nn.transformer.FirstBlockCache;
import dev.likeness.diffusion.internal.nn.transformer.JointAttention;
import dev.likeness.diffusion.internal.nn.transformer.QkvProjection;
import dev.likeness.diffusion.internal.nn.transformer.RotaryEmbedding;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.Function;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The denoising network of FLUX.2 klein (Black Forest Labs 2026, {@code src/flux2/model.py} of
 * black-forest-labs/flux2), with the names and numbers of diffusers'
 * {@code Flux2Transformer2DModel}. Immutable and shared by threads.
 */
public final class Flux2Transformer2DModel {
  /** The blocks of the network, which are streamed one by one. */
  static final BlockNames BLOCKS = BlockNames.of("transformer_blocks", "single_transformer_blocks");

  private static final double TRAINING_STEPS = 1000;
  /** Queries and keys are normalised, without biases. */
  private static final QkvProjection.Style STYLE = new QkvProjection.Style(true, false, 1e-6);

  private final Flux2Config config;
  private final SinusoidalEmbedding sinusoids;
  private final TimestepEmbedding time;
  private final AdaLayerNorm imageModulation;
  private final AdaLayerNorm textModulation;
  private final AdaLayerNorm singleModulation;
  private final Linear xEmbedder;
  private final Linear contextEmbedder;
  private final DoubleStreamBackbone<DoubleStreamBlock, SingleBlock> blocks;
  private final AdaLayerNorm normOut;
  private final Linear projOut;

  public Flux2Transformer2DModel(Flux2Config config, Weights w) {
    this.config = config;
    int width = config.width();
    sinusoids = new SinusoidalEmbedding(config.timeFeatures(), true, 0);
    time = TimestepEmbedding.withoutBias(
        w.at("time_guidance_embed.timestep_embedder"),
        config.timeFeatures(),
        width,
        Activation.SILU);
    imageModulation = AdaLayerNorm.withoutBias(w.at("double_stream_modulation_img"), width, 6);
    textModulation = AdaLayerNorm.withoutBias(w.at("double_stream_modulation_txt"), width, 6);
    singleModulation = AdaLayerNorm.withoutBias(w.at("single_stream_modulation"), width, 3);
    xEmbedder = Linear.withoutBias(w.at("x_embedder"), config.inChannels(), width);
    contextEmbedder = Linear.withoutBias(w.at("context_embedder"), config.textWidth(), width);
    blocks = new DoubleStreamBackbone<>(
        BlockList.of(
            w.at("transformer_blocks"), config.layers(), (block, i) -> block(block, config)),
        BlockList.of(
            w.at("single_transformer_blocks"),
            config.singleLayers(),
            (block, i) -> new SingleBlock(block, config)));
    normOut = AdaLayerNorm.withoutBias(w.at("norm_out"), width, 2);
    projOut = Linear.withoutBias(w.at("proj_out"), width, config.outChannels());
  }

  /** Declares the layers for an image of {@code image} tokens. */
  static NetworkLayout layout(Flux2Config config, double image) {
    StreamLayout streams = new StreamLayout(image, LoadedQwen3.TOKENS, config.heads(), true, true);
    // Its outputs are queries, keys and values, and the two halves of a gated feed-forward, of
    // which 1.5 values are kept for each output.
    LayerUse fused = LayerUse.at(streams.joint())
        .asking(streams.attention(streams.joint(), 5))
        .keeping(1 - 1.5 * 3, 1.5);
    return new NetworkLayout.Builder(image)
        .layer("time_guidance_embed.timestep_embedder.linear_1", LayerUse.CONDITIONING)
        .layer("time_guidance_embed.timestep_embedder.linear_2", LayerUse.CONDITIONING)
        .layer("double_stream_modulation_img.linear", LayerUse.CONDITIONING)
        .layer("double_stream_modulation_txt.linear", LayerUse.CONDITIONING)
        .layer("single_stream_modulation.linear", LayerUse.CONDITIONING)
        .layer("x_embedder", LayerUse.at(image))
        .layer("context_embedder", LayerUse.at(streams.text()))
        .blocks(
            "transformer_blocks",
            config.layers(),
            new NetworkLayout.Layers()
                .add("attn", streams.jointAttention())
                .add("ff", gatedFeedForward(image))
                .add("ff_context", gatedFeedForward(streams.text())))
        .blocks(
            "single_transformer_blocks",
            config.singleLayers(),
            new NetworkLayout.Layers()
                .add("attn.to_qkv_mlp_proj", fused)
                .add("attn.to_out", LayerUse.at(streams.joint()).last()))
        .layer("norm_out.linear", LayerUse.CONDITIONING)
        .layer("proj_out", LayerUse.at(image))
        .build();
  }

  private static NetworkLayout.Layers gatedFeedForward(double tokens) {
    return new NetworkLayout.Layers()
        .add("linear_in", LayerUse.at(tokens).keeping(1, 1.5))
        .add("linear_out", LayerUse.at(tokens).last());
  }

  private static DoubleStreamBlock block(Weights w, Flux2Config config) {
    FeedForward.GatedFeedForward ff =
        FeedForward.GatedFeedForward.fused(w.at("ff"), config.width(), config.innerDim());
    FeedForward.GatedFeedForward ffText =
        FeedForward.GatedFeedForward.fused(w.at("ff_context"), config.width(), config.innerDim());
    return DoubleStreamBlock.of(
        w, config.width(), config.heads(), STYLE, ff::forward, ffText::forward);
  }

  public Flux2Config config() {
    return config;
  }

  /**
   * Predicts the flow for noisy tokens.
   *
   * @param tokens [batch, imageTokens, inChannels]
   * @param t [batch] or [1], 0..1, f32
   * @param text the language model's tokens [batch, textTokens, textWidth]
   * @param rotation positions of the text's tokens, then of the image's
   * @param cache the first-block cache, or null
   * @param keys keys of reference images, which the tokens attend to; or null
   * @return [batch, imageTokens, outChannels], owned by the calling scope
   */
  public Tensor forward(
      Tensor tokens,
      Tensor t,
      Tensor text,
      RotaryEmbedding rotation,
      FirstBlockCache cache,
      ReferenceKeys keys) {
    if (SegmentRunner.current() != SegmentRunner.PLAIN && cache == null && keys == null) {
      return forward(tokens, t, text, rotation, SegmentRunner.current());
    }
    Iterator<QkvProjection.Heads> doubles = keys == null ? null : keys.doubles().iterator();
    Iterator<QkvProjection.Heads> singles = keys == null ? null : keys.singles().iterator();
    try (TensorScope call = TensorScope.open()) {
      Tensor timeEmbedded = embedTime(t, tokens.scalar_type());
      List<Tensor> m = imageModulation.vectors(timeEmbedded);
      List<Tensor> c = textModulation.vectors(timeEmbedded);
      List<Tensor> single = singleModulation.vectors(timeEmbedded);
      Tensor image = blocks.forward(
          new JointAttention.Streams(xEmbedder.forward(tokens), contextEmbedder.forward(text)),
          (block, x) -> doubles == null
              ? block.forward(x, m, c, rotation)
              : block.forwardWithKeys(x, m, c, rotation, doubles.next()),
          (block, x) -> block.forward(
              x,
              single,
              heads -> singles == null
                  ? heads.attend(rotation, null)
                  : heads.attendWithKeys(rotation, singles.next())),
          DoubleStreamBackbone.Visitor.NONE,
          cache);
      return call.promote(projectOut(image, timeEmbedded));
    }
  }

  /**
   * Predicts the flow for noisy tokens with blocks run by {@code segments}.
   *
   * @param tokens [batch, imageTokens, inChannels]
   * @param t [batch] or [1], 0..1, f32
   * @param text the language model's tokens [batch, textTokens, textWidth]
   * @param rotation positions of the text's tokens, then of the image's
   * @param segments runs the blocks
   * @return [batch, imageTokens, outChannels], owned by the calling scope
   */
  Tensor forward(
      Tensor tokens, Tensor t, Tensor text, RotaryEmbedding rotation, SegmentRunner segments) {
    try (TensorScope call = TensorScope.open()) {
      Tensor embedded = embedTime(t, tokens.scalar_type());
      Tensor image = blocks.forward(
          new JointAttention.Streams(xEmbedder.forward(tokens), contextEmbedder.forward(text)),
          (block, x) -> x.apply(
              (in, time) -> block.forward(
                  in, imageModulation.vectors(time), textModulation.vectors(time), rotation),
              embedded,
              segments),
          (block, x) -> segments.run(
              in -> block.forward(
                  in[0], singleModulation.vectors(in[1]), heads -> heads.attend(rotation, null)),
              x,
              embedded),
          DoubleStreamBackbone.Visitor.NONE,
          null);
      return call.promote(projectOut(image, embedded));
    }
  }

  private Tensor projectOut(Tensor image, Tensor timeEmbedded) {
    List<Tensor> out = normOut.vectors(timeEmbedded);
    return projOut.forward(AdaLayerNorm.apply(image, out.get(1), out.get(0)));
  }

  /** Embeds timesteps in 0..1 as the modulations take them. */
  private Tensor embedTime(Tensor t, ScalarType type) {
    // Rounded to the tokens' type before the multiplication, as in the reference.
    Tensor features = sinusoids.embed(t.to(type).mul(new Scalar(TRAINING_STEPS)));
    return Activation.SILU.apply(time.forward(features.to(type)));
  }

  /**
   * Computes the keys and values of reference images for the KV variant. There, reference tokens
   * attend to themselves only, at timestep 0, so that one pass serves all steps (diffusers'
   * {@code Flux2KVCache}).
   *
   * @param tokens the tokens of all reference images [1, referenceTokens, inChannels]
   * @param rotation the positions of these tokens
   * @return keys and values, owned by the calling scope
   */
  ReferenceKeys referenceKeys(Tensor tokens, RotaryEmbedding rotation) {
    ReferenceKeys keys = new ReferenceKeys(new ArrayList<>(), new ArrayList<>());
    try (TensorScope call = TensorScope.open()) {
      Tensor timeEmbedded =
          embedTime(tokens.new_zeros(1).to(ScalarType.Float), tokens.scalar_type());
      List<Tensor> m = imageModulation.vectors(timeEmbedded);
      List<Tensor> single = singleModulation.vectors(timeEmbedded);
      Tensor x = xEmbedder.forward(tokens);
      try (BlockList.Pass<DoubleStreamBlock> pass = blocks.doubles().pass()) {
        while (pass.hasNext()) {
          try (TensorScope scope = TensorScope.open()) {
            x = scope.promote(pass.next()
                .forwardImage(x, m, rotation, heads -> keys.doubles().add(promote(heads, scope))));
          }
        }
      }
      try (BlockList.Pass<SingleBlock> pass = blocks.singles().pass()) {
        while (pass.hasNext()) {
          try (TensorScope scope = TensorScope.open()) {
            x = scope.promote(pass.next().forward(x, single, heads -> {
              keys.singles().add(promote(heads.withRotatedKeys(rotation), scope));
              return heads.attend(rotation, null);
            }));
          }
        }
      }
      keys.doubles().forEach(heads -> promote(heads, call));
      keys.singles().forEach(heads -> promote(heads, call));
      return keys;
    }
  }

  private static QkvProjection.Heads promote(QkvProjection.Heads heads, TensorScope scope) {
    return new QkvProjection.Heads(null, scope.promote(heads.k()), scope.promote(heads.v()));
  }

  /**
   * Rotated keys, and values, of reference images, one entry for each block.
   *
   * @param doubles entries of the double-stream blocks
   * @param singles entries of the single-stream blocks
   */
  record ReferenceKeys(List<QkvProjection.Heads> doubles, List<QkvProjection.Heads> singles) {}

  /**
   * FLUX.2's single block: attention and gated feed-forward in parallel, with fused input and
   * output layers.
   */
  static final class SingleBlock {
    private static final double EPS = 1e-6;

    private final Flux2Config config;
    private final Linear in;
    private final Linear out;
    private final RmsNorm normQ;
    private final RmsNorm normK;

    SingleBlock(Weights w, Flux2Config config) {
      this.config = config;
      Weights attention = w.at("attn");
      in = Linear.withoutBias(
          attention.at("to_qkv_mlp_proj"),
          config.width(),
          3L * config.width() + 2L * config.innerDim());
      out = Linear.withoutBias(
          attention.at("to_out"), (long) config.width() + config.innerDim(), config.width());
      normQ = new RmsNorm(attention.at("norm_q"), config.headDim(), EPS);
      normK = new RmsNorm(attention.at("norm_k"), config.headDim(), EPS);
    }

    /**
     * Maps [batch, textTokens + imageTokens, width] to the same shape; {@code m} has shift, scale
     * and gate. {@code attend} maps queries, keys and values to [batch, tokens, width].
     */
    Tensor forward(Tensor x, List<Tensor> m, Function<QkvProjection.Heads, Tensor> attend) {
      Tensor all = in.forward(AdaLayerNorm.apply(x, m.get(0), m.get(1)));
      long width = config.width();
      QkvProjection.Heads heads = new QkvProjection.Heads(
          QkvProjection.Heads.split(all.narrow(2, 0, width), config.heads(), normQ),
          QkvProjection.Heads.split(all.narrow(2, width, width), config.heads(), normK),
          QkvProjection.Heads.split(all.narrow(2, 2 * width, width), config.heads(), null));
      Tensor gated =
          FeedForward.GatedFeedForward.siluGate(all.narrow(2, 3 * width, 2L * config.innerDim()));
      Tensor both = torch.cat(new TensorVector(attend.apply(heads), gated), 2);
      return DoubleStreamBlock.HalfPrecision.clamp(x.add(m.get(2).mul(out.forward(both))));
    }
  }
}
