package dev.likeness.diffusion.internal.family.chroma;

import dev.likeness.diffusion.internal.family.StreamLayout;
import dev.likeness.diffusion.internal.memory.BlockNames;
import dev.likeness.diffusion.internal.memory.LayerUse;
import dev.likeness.diffusion.internal.memory.NetworkLayout;
import dev.likeness.diffusion.internal.nn.Activation;
import dev.likeness.diffusion.internal.nn.BlockList;
import dev.likeness.diffusion.internal.nn.FeedForward;
import dev.likeness.diffusion.internal.nn.Linear;
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
import dev.likeness.diffusion.internal.nn.transformer.SingleStreamBlock;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * The denoising network of Chroma (lodestones/Chroma1-HD), with the names and numbers of diffusers'
 * {@code ChromaTransformer2DModel}: FLUX.1's blocks with shifts, scales and gates from an
 * approximator. Immutable and shared by threads.
 */
public final class ChromaTransformer2DModel {
  /** The blocks of the network, which are streamed one by one. */
  static final BlockNames BLOCKS = BlockNames.of("transformer_blocks", "single_transformer_blocks");

  private static final QkvProjection.Style STYLE = new QkvProjection.Style(true, true, 1e-6);
  private static final int VECTORS = 6;
  private static final int SINGLE_VECTORS = 3;
  private static final double TRAINING_STEPS = 1000;

  private final ChromaConfig config;
  private final Approximator approximator;
  private final Linear contextEmbedder;
  private final Linear xEmbedder;
  private final DoubleStreamBackbone<Block, SingleBlock> blocks;
  private final Linear projOut;

  public ChromaTransformer2DModel(ChromaConfig config, Weights w) {
    this.config = config;
    int width = config.width();
    approximator = new Approximator(config, w.at("distilled_guidance_layer"));
    contextEmbedder = new Linear(w.at("context_embedder"), config.textWidth(), width);
    xEmbedder = new Linear(w.at("x_embedder"), config.inChannels(), width);
    blocks = new DoubleStreamBackbone<>(
        BlockList.of(
            w.at("transformer_blocks"),
            config.layers(),
            (block, i) ->
                new Block(block(block, config), config.imageVectors(i), config.textVectors(i))),
        BlockList.of(
            w.at("single_transformer_blocks"),
            config.singleLayers(),
            (block, i) -> new SingleBlock(
                SingleStreamBlock.of(block, width, config.heads(), STYLE),
                ChromaConfig.singleVectors(i))));
    projOut = new Linear(w.at("proj_out"), width, config.outChannels());
  }

  /** Declares the layers for an image of {@code image} tokens. */
  static NetworkLayout layout(ChromaConfig config, double image) {
    StreamLayout streams =
        new StreamLayout(image, ChromaModel.TEXT_TOKENS, config.heads(), true, true);
    LayerUse approximated = LayerUse.at(config.vectors());
    return new NetworkLayout.Builder(image)
        .layer("distilled_guidance_layer.in_proj", approximated)
        .blocks(
            "distilled_guidance_layer.layers",
            config.approximatorLayers(),
            new NetworkLayout.Layers().add("linear_1", approximated).add("linear_2", approximated))
        .layer("distilled_guidance_layer.out_proj", approximated)
        .layer("context_embedder", LayerUse.at(streams.text()))
        .layer("x_embedder", LayerUse.at(image))
        .blocks("transformer_blocks", config.layers(), streams.doubleBlock())
        .blocks("single_transformer_blocks", config.singleLayers(), streams.singleBlock())
        .layer("proj_out", LayerUse.at(image))
        .build();
  }

  private static DoubleStreamBlock block(Weights w, ChromaConfig config) {
    FeedForward.GeluFeedForward ff = new FeedForward.GeluFeedForward(w.at("ff"), config.width());
    FeedForward.GeluFeedForward ffText =
        new FeedForward.GeluFeedForward(w.at("ff_context"), config.width());
    return DoubleStreamBlock.of(
        w, config.width(), config.heads(), STYLE, ff::forward, ffText::forward);
  }

  public ChromaConfig config() {
    return config;
  }

  /**
   * Predicts the flow for noisy tokens.
   *
   * @param tokens packed latents [batch, imageTokens, inChannels]
   * @param time [batch] or [1], 0..1, f32
   * @param text T5's tokens [batch, textTokens, textWidth]
   * @param mask added to the attention scores, see {@link #mask}
   * @param rotation positions of the text's tokens, then of the image's
   * @param cache the first-block cache, or null
   * @param segments runs the blocks
   * @return [batch, imageTokens, outChannels], owned by the calling scope
   */
  public Tensor forward(
      Tensor tokens,
      Tensor time,
      Tensor text,
      Tensor mask,
      RotaryEmbedding rotation,
      FirstBlockCache cache,
      SegmentRunner segments) {
    try (TensorScope call = TensorScope.open()) {
      Tensor timestep = time.to(tokens.scalar_type()).mul(new Scalar(TRAINING_STEPS));
      Tensor vectors = approximator.forward(timestep);
      Tensor image = blocks.forward(
          new JointAttention.Streams(xEmbedder.forward(tokens), contextEmbedder.forward(text)),
          (block, x) -> x.apply((in, m) -> block.forward(in, m, rotation, mask), vectors, segments),
          (block, x) -> segments.run(in -> block.forward(in[0], in[1], rotation, mask), x, vectors),
          DoubleStreamBackbone.Visitor.NONE,
          cache);
      List<Tensor> last = vectors(vectors, config.vectors() - 2, 2);
      return call.promote(projOut.forward(AdaLayerNorm.apply(image, last.get(0), last.get(1))));
    }
  }

  /**
   * The mask that is added to the attention scores, [batch, 1, tokens, tokens]: 1 between two
   * unmasked tokens, 0 elsewhere. Unmasked are the image tokens, the prompt tokens and one padding
   * token.
   *
   * <p>Source: {@code ChromaPipeline} of diffusers 0.42.1, which adds its mask of ones and zeros to
   * the scores. Padding is weighted less, but not masked out (huggingface/diffusers#12116).
   *
   * @param counts tokens of each prompt that are not padding, [batch, 1]
   */
  public static Tensor mask(Tensor counts, long textTokens, long imageTokens) {
    Tensor places = torch.arange(new Scalar(textTokens)).to(counts.device(), counts.scalar_type());
    Tensor text = places.unsqueeze(0).le(counts).to(torch.ScalarType.Float);
    Tensor image = text.new_ones(counts.size(0), imageTokens);
    Tensor read = torch.cat(new TensorVector(text, image), 1);
    return read.unsqueeze(1).unsqueeze(3).mul(read.unsqueeze(1).unsqueeze(2));
  }

  private static List<Tensor> vectors(Tensor all, int first, int count) {
    return IntStream.range(first, first + count)
        .mapToObj(i -> all.narrow(1, i, 1))
        .toList();
  }

  /**
   * A double block.
   *
   * @param image index of its first vector for the image stream
   * @param text index of its first vector for the text stream
   */
  private record Block(DoubleStreamBlock block, int image, int text) {
    JointAttention.Streams forward(
        JointAttention.Streams x, Tensor all, RotaryEmbedding rotation, Tensor mask) {
      return block.forward(
          x, vectors(all, image, VECTORS), vectors(all, text, VECTORS), rotation, mask);
    }
  }

  /**
   * A single block.
   *
   * @param first index of its first vector
   */
  private record SingleBlock(SingleStreamBlock block, int first) {
    Tensor forward(Tensor x, Tensor all, RotaryEmbedding rotation, Tensor mask) {
      return block.forward(x, vectors(all, first, SINGLE_VECTORS), rotation, mask);
    }
  }

  /**
   * Computes the shifts, scales and gates of all of Chroma's blocks from the time and the index of
   * each vector. It replaces the modulation layers of FLUX.1's blocks, as diffusers'
   * {@code ChromaApproximator} and {@code ChromaCombinedTimestepTextProjEmbeddings} do. Immutable
   * and shared by threads.
   */
  static final class Approximator {
    private static final double INDEX_SCALE = 1000;

    private final int vectors;
    private final SinusoidalEmbedding scalar;
    private final SinusoidalEmbedding index;
    private final Linear inProj;
    private final List<TimestepEmbedding> layers;
    private final List<Tensor> norms;
    private final Linear outProj;

    Approximator(ChromaConfig config, Weights w) {
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
        x = x.add(layers.get(i).forward(normalise(x, norms.get(i))));
      }
      return outProj.forward(x);
    }

    // The guidance input is always 0.
    private Tensor features(Tensor timestep) {
      Tensor modulationInput = torch
          .cat(
              new TensorVector(scalar.embed(timestep), scalar.embed(torch.zeros_like(timestep))), 1)
          .unsqueeze(1)
          .expand(-1, vectors, -1);
      Tensor indices = torch
          .arange(new Scalar((long) vectors), timestep.options())
          .to(torch.ScalarType.Float)
          .mul(new Scalar(INDEX_SCALE));
      Tensor own = index.embed(indices).unsqueeze(0).expand(timestep.size(0), -1, -1);
      return torch.cat(new TensorVector(modulationInput, own), 2).to(timestep.scalar_type());
    }

    // The epsilon is that of the element type, PyTorch's default.
    private static Tensor normalise(Tensor x, Tensor weight) {
      return torch.rms_norm(
          x, new long[] {x.size(-1)}, new TensorOptional(weight), new DoubleOptional());
    }
  }
}
