package dev.likeness.diffusion.internal.family.flux2;

import dev.likeness.diffusion.catalogue.BaseKind;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.LoadedQwen3;
import dev.likeness.diffusion.internal.family.LoraLayers;
import dev.likeness.diffusion.internal.family.LoraLayers.Certainty;
import dev.likeness.diffusion.internal.family.LoraLayers.Kind;
import dev.likeness.diffusion.internal.family.LoraLayers.Metadata;
import dev.likeness.diffusion.internal.family.LoraLayers.Signature;
import dev.likeness.diffusion.internal.family.LoraLayers.Widths;
import dev.likeness.diffusion.internal.family.ModelComponents;
import dev.likeness.diffusion.internal.family.ModelFamily;
import dev.likeness.diffusion.internal.family.ModelFormat;
import dev.likeness.diffusion.internal.family.ModelKind;
import dev.likeness.diffusion.internal.family.NetworkMemory;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.family.TransformerVariant;
import dev.likeness.diffusion.internal.family.TransformerVariant.Language;
import dev.likeness.diffusion.internal.family.TransformerVariant.Text;
import dev.likeness.diffusion.internal.family.TransformerVariant.Transformer;
import dev.likeness.diffusion.internal.family.Variant;
import dev.likeness.diffusion.internal.vae.AutoencoderKind;
import dev.likeness.diffusion.tensor.Compute;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/** FLUX.2 klein, base and distilled. */
public final class Flux2Family implements ModelFamily {
  private static final String CLASS = "Flux2Transformer2DModel";
  private static final Variant VARIANT = new TransformerVariant(
      Flux2Family.class,
      "flux2",
      new Transformer(
          CLASS, Flux2KeyFormat::prefix, Flux2KeyFormat::config, Flux2KeyFormat::layout),
      Map.of(),
      new Text("text_encoder", Language.QWEN3),
      List.of(AutoencoderKLFlux2.KIND));
  private static final int HEADS = 48;
  private static final int HEAD_DIM = 128;
  private static final int SIDE = 128;
  private static final String DISTILLED = "is_distilled";

  @Override
  public String id() {
    return "flux2";
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
  public Optional<BaseKind> kind(ModelComponents components) {
    return Optional.of(
        ModelKind.ofFlow(VARIANT, ModelKind.TEXT_TO_IMAGE, Flux2Networks.isDistilled(components)));
  }

  @Override
  public OpenModel open(ModelComponents components, Compute compute) {
    return new Flux2Model(this, Flux2Networks.open(components, compute));
  }

  @Override
  public NetworkMemory memory(ModelComponents components) {
    return new NetworkMemory(
            "transformer",
            Flux2Transformer2DModel.BLOCKS,
            NetworkMemory.width(components.config("transformer"), HEADS, HEAD_DIM),
            LoadedQwen3.TOKENS,
            2,
            SIDE,
            components.option(DISTILLED) ? 1 : 2)
        .readingOfText(LoadedQwen3.usedTensors(Collections.max(Flux2Networks.TEXT_LAYERS)));
  }

  @Override
  public ModelFormat format(ModelComponents components) {
    return new ModelFormat() {
      @Override
      public Map<String, Object> index() {
        return components.option(DISTILLED) ? Map.of(DISTILLED, true) : Map.of();
      }
    };
  }

  @Override
  public LoraLayers loraLayers() {
    return Flux2LoraLayers.LAYERS;
  }

  @Override
  public List<AutoencoderKind> autoencoders() {
    return List.of(AutoencoderKLFlux2.KIND);
  }

  /** FLUX.2's layers in LoRA files. */
  static final class Flux2LoraLayers {
    /**
     * Layers of FLUX.1 that FLUX.2 lacks: the blocks' modulation, the pooled text, and the split
     * layers of single blocks.
     */
    private static final Pattern ABSENT = Pattern.compile(
        "mod(ulation)?[._]lin[._]|vector_in|text_embedder|norm1?(_context)?[._]linear|proj_mlp|proj_out|processor"
            + "|single_(transformer_)?blocks[._]\\d+[._](attn[._]to_[qkv]|qkv|proj)");

    static final LoraLayers LAYERS = new LoraLayers(
        List.of(new Kind("flux2", "FLUX.2", Widths.NONE, false, Metadata.NONE)),
        List.of(Signature.of(
            "single_stream_modulation|double_stream_modulation|to_qkv_mlp_proj|linear_in[._]lora",
            Certainty.OWN)),
        ABSENT,
        Flux2KeyFormat.NAMES);

    private Flux2LoraLayers() {}
  }
}
