package dev.likeness.diffusion.internal.family.chroma;

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
import dev.likeness.diffusion.internal.family.NetworkMemory;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.family.StreamSites;
import dev.likeness.diffusion.internal.family.TransformerVariant;
import dev.likeness.diffusion.internal.family.TransformerVariant.Language;
import dev.likeness.diffusion.internal.family.TransformerVariant.Text;
import dev.likeness.diffusion.internal.family.TransformerVariant.Transformer;
import dev.likeness.diffusion.internal.family.Variant;
import dev.likeness.diffusion.tensor.Compute;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/** Chroma: FLUX.1's architecture without CLIP, with classifier-free guidance. */
public final class ChromaFamily implements ModelFamily {
  static final String CLASS = "ChromaTransformer2DModel";
  private static final Variant VARIANT = new TransformerVariant(
      ChromaFamily.class,
      "chroma",
      new Transformer(
          CLASS, ChromaKeyFormat::prefix, ChromaKeyFormat::config, ChromaKeyFormat::layout),
      Map.of(),
      new Text("text_encoder", Language.T5),
      List.of());
  private static final int HEADS = 24;
  private static final int HEAD_DIM = 128;
  /** Prompt and negative prompt in one batch. */
  private static final int ROWS = 2;

  @Override
  public String id() {
    return "chroma";
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
  public Optional<AttentionSites> attentionSites() {
    return Optional.of(new StreamSites(
        Set.of("x_embedder.weight", "distilled_guidance_layer.in_proj.weight"),
        true,
        width -> "Chroma (context " + width + ")"));
  }

  @Override
  public OpenModel open(ModelComponents components, Compute compute) {
    return new ChromaModel(this, ChromaNetworks.open(components, compute));
  }

  @Override
  public NetworkMemory memory(ModelComponents components) {
    long width = NetworkMemory.width(components.config("transformer"), HEADS, HEAD_DIM);
    return new NetworkMemory(
        "transformer",
        ChromaTransformer2DModel.BLOCKS,
        width,
        ChromaModel.TEXT_TOKENS,
        2,
        ChromaModel.SIDE,
        ROWS);
  }

  @Override
  public LoraLayers loraLayers() {
    return ChromaLoraLayers.LAYERS;
  }

  /** Chroma's layers in LoRA files. */
  static final class ChromaLoraLayers {
    /** FLUX's layers that Chroma lacks: modulation and the embedders of time, guidance and text. */
    private static final Pattern ABSENT = Pattern.compile(
        "(img|txt)_mod[._]|modulation[._]|norm1?(_context)?[._]linear|norm_out[._]linear|time_text_embed"
            + "|(vector|time|guidance)_in[._]|to_qkv_mlp_proj|ff(_context)?[._]linear_(in|out)");

    static final LoraLayers LAYERS = new LoraLayers(
        List.of(new Kind(
            "chroma", "Chroma", Widths.NONE, false, Metadata.of(".*chroma.*", "chroma", "chroma"))),
        List.of(
            Signature.of("(^|[._])distilled_guidance_layer[._]", Certainty.OWN),
            Signature.of("(^|[._])(double_blocks|single_blocks)[._]", Certainty.SHARED),
            Signature.of("(^|[._])single_transformer_blocks[._]", Certainty.SHARED)),
        ABSENT,
        ChromaKeyFormat.NAMES);

    private ChromaLoraLayers() {}
  }
}
