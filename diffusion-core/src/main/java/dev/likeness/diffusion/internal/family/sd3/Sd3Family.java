package dev.likeness.diffusion.internal.family.sd3;

import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.AttentionSites;
import dev.likeness.diffusion.internal.family.LoraLayers;
import dev.likeness.diffusion.internal.family.LoraLayers.Certainty;
import dev.likeness.diffusion.internal.family.LoraLayers.Kind;
import dev.likeness.diffusion.internal.family.LoraLayers.Metadata;
import dev.likeness.diffusion.internal.family.LoraLayers.Signature;
import dev.likeness.diffusion.internal.family.LoraLayers.Widths;
import dev.likeness.diffusion.internal.family.ModelComponents;
import dev.likeness.diffusion.internal.family.ModelFamily;
import dev.likeness.diffusion.internal.family.ModelFormat;
import dev.likeness.diffusion.internal.family.NetworkMemory;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.family.StreamSites;
import dev.likeness.diffusion.internal.family.TransformerVariant;
import dev.likeness.diffusion.internal.family.TransformerVariant.Clip;
import dev.likeness.diffusion.internal.family.TransformerVariant.Language;
import dev.likeness.diffusion.internal.family.TransformerVariant.Text;
import dev.likeness.diffusion.internal.family.TransformerVariant.Transformer;
import dev.likeness.diffusion.internal.family.Variant;
import dev.likeness.diffusion.tensor.Compute;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Stable Diffusion 3 and 3.5. */
public final class Sd3Family implements ModelFamily {
  private static final String CLASS = "SD3Transformer2DModel";
  private static final Variant VARIANT = new TransformerVariant(
      Sd3Family.class,
      "sd3",
      new Transformer(CLASS, Sd3KeyFormat::prefix, Sd3KeyFormat::config, Sd3KeyFormat::layout),
      Map.of(
          "text_encoder",
          new Clip("clip_l", "<|endoftext|>", true),
          "text_encoder_2",
          new Clip("clip_g", "!", true)),
      new Text("text_encoder_3", Language.T5),
      List.of());
  private static final int HEADS = 24;
  private static final int HEAD_DIM = 64;
  private static final int SIDE = 128;
  static final int CLIP_TOKENS = 77;

  @Override
  public String id() {
    return "sd3";
  }

  @Override
  public Network network() {
    return new Network(ModelComponent.TRANSFORMER, CLASS);
  }

  @Override
  public List<Variant> variants() {
    return List.of(VARIANT);
  }

  @Override
  public OpenModel open(ModelComponents components, Compute compute) {
    return new Sd3Model(this, Sd3Networks.open(components, compute));
  }

  @Override
  public NetworkMemory memory(ModelComponents components) {
    long width = NetworkMemory.width(components.config("transformer"), HEADS, HEAD_DIM);
    return new NetworkMemory(
        "transformer",
        Sd3Transformer2DModel.BLOCKS,
        width,
        CLIP_TOKENS + Sd3Networks.T5_TOKENS,
        2,
        SIDE,
        2);
  }

  @Override
  public ModelFormat format(ModelComponents components) {
    return new ModelFormat() {
      @Override
      public Map<String, Object> index() {
        return Map.of(
            "text_encoder_3", Arrays.asList(null, null), "tokenizer_3", Arrays.asList(null, null));
      }
    };
  }

  @Override
  public LoraLayers loraLayers() {
    return Sd3LoraLayers.LAYERS;
  }

  @Override
  public Optional<AttentionSites> attentionSites() {
    return Optional.of(new StreamSites(
        Set.of("pos_embed.proj.weight"),
        false,
        width -> "Stable Diffusion 3.x (width " + width + ")"));
  }

  /** Stable Diffusion 3's layers in LoRA files. */
  static final class Sd3LoraLayers {
    private static final String BLOCK = "^transformer_blocks[._]";

    static final LoraLayers LAYERS = new LoraLayers(
        List.of(new Kind(
            "sd3",
            "Stable Diffusion 3",
            new Widths(0, Set.of(1536L, 2432L)),
            true,
            Metadata.of("sd3.*|.*diffusion[ _-]?v?3.*", "sd3", "stable-diffusion-3-medium"))),
        List.of(
            Signature.of("(^|[._])joint_blocks[._]", Certainty.SHARED),
            // Other transformers with such blocks have no second attention, and at most 19 of them.
            Signature.of(BLOCK + "(\\d+[._]attn2|19|[2-9]\\d)[._]", Certainty.WEAK),
            Signature.of("^text_encoder_3\\.", Certainty.WEAK)),
        null,
        Sd3KeyFormat.NAMES);

    private Sd3LoraLayers() {}
  }
}
