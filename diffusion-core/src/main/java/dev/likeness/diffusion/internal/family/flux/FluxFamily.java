package dev.likeness.diffusion.internal.family.flux;

import dev.likeness.diffusion.catalogue.BaseKind;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.AttentionSites;
import dev.likeness.diffusion.internal.family.DoubleStreamKeys;
import dev.likeness.diffusion.internal.family.LoadedControlNet;
import dev.likeness.diffusion.internal.family.LoraLayers;
import dev.likeness.diffusion.internal.family.LoraLayers.Certainty;
import dev.likeness.diffusion.internal.family.LoraLayers.Kind;
import dev.likeness.diffusion.internal.family.LoraLayers.Metadata;
import dev.likeness.diffusion.internal.family.LoraLayers.Signature;
import dev.likeness.diffusion.internal.family.LoraLayers.Widths;
import dev.likeness.diffusion.internal.family.ModelComponents;
import dev.likeness.diffusion.internal.family.ModelFamily;
import dev.likeness.diffusion.internal.family.ModelFamily.ControlNetKind;
import dev.likeness.diffusion.internal.family.ModelKind;
import dev.likeness.diffusion.internal.family.NetworkMemory;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.family.StreamSites;
import dev.likeness.diffusion.internal.family.TransformerVariant;
import dev.likeness.diffusion.internal.family.Variant;
import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.file.ShapeReader;
import dev.likeness.diffusion.internal.file.TensorNames;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.memory.LoadedWeights;
import dev.likeness.diffusion.tensor.Compute;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** FLUX.1: dev, schnell, Kontext and Fill, with their ControlNets. */
public final class FluxFamily implements ModelFamily {
  private static final Variant VARIANT = new FluxVariant();
  private static final int HEADS = 24;
  private static final int HEAD_DIM = 128;
  private static final int SIDE = 128;

  @Override
  public String id() {
    return "flux";
  }

  @Override
  public Network network() {
    return new Network(ModelComponent.TRANSFORMER, FluxVariant.CLASS);
  }

  @Override
  public List<Variant> variants() {
    return List.of(VARIANT);
  }

  /** Schnell has no guidance input. Kontext has a pipeline of its own, and Fill takes a mask. */
  @Override
  public Optional<BaseKind> kind(ModelComponents components) {
    ModelConfig transformer = components.config(ModelComponent.TRANSFORMER.folder());
    int latents = FluxNetworks.PATCH_SIZE * ModelKind.latentChannels(components);
    String task = transformer.integer("in_channels", latents) > latents
        ? ModelKind.INPAINTING
        : FluxNetworks.isKontext(components) ? ModelKind.EDITING : ModelKind.TEXT_TO_IMAGE;
    return Optional.of(
        ModelKind.ofFlow(VARIANT, task, !transformer.flag("guidance_embeds", false)));
  }

  @Override
  public OpenModel open(ModelComponents components, Compute compute) {
    return new FluxModel(this, FluxNetworks.open(components, compute));
  }

  @Override
  public NetworkMemory memory(ModelComponents components) {
    long width = NetworkMemory.width(components.config("transformer"), HEADS, HEAD_DIM);
    return new NetworkMemory(
        "transformer", FluxTransformer2DModel.BLOCKS, width, FluxModel.TEXT_TOKENS, 2, SIDE, 1);
  }

  @Override
  public LoraLayers loraLayers() {
    return FluxLoraLayers.LAYERS;
  }

  @Override
  public Optional<AttentionSites> attentionSites() {
    return Optional.of(new StreamSites(
        Set.of("x_embedder.weight", "time_text_embed.timestep_embedder.linear_1.weight"),
        true,
        width -> "FLUX.1 (context " + width + ")"));
  }

  @Override
  public List<ControlNetKind> controlNets() {
    return List.of(new FluxControlNetKind());
  }

  /** ControlNets of FLUX.1, union modes included. */
  static final class FluxControlNetKind implements ControlNetKind {
    @Override
    public List<String> classNames() {
      return List.of("FluxControlNetModel");
    }

    @Override
    public List<String> signatures() {
      return List.of("controlnet_x_embedder.weight");
    }

    @Override
    public LoadedControlNet open(
        String name, ModelConfig config, TensorSource tensors, Compute compute) {
      FluxControlNetModel.Config own = FluxControlNetModel.Config.of(config);
      LoadedWeights weights = new LoadedWeights(tensors, compute);
      try {
        weights.check(w -> new FluxControlNetModel(own, w), Set.of());
        return new FluxControlNet(name, compute, weights, own);
      } catch (RuntimeException e) {
        weights.close();
        throw e;
      }
    }
  }

  /** Single files of FLUX.1. */
  static final class FluxVariant extends TransformerVariant {
    static final String CLASS = "FluxTransformer2DModel";
    /**
     * Fill's tokens also have the mask and the masked image: more than twice the output channels.
     */
    private static final int FILL_CHANNELS = 2;

    FluxVariant() {
      super(
          FluxVariant.class,
          "flux",
          new Transformer(
              CLASS, FluxKeyFormat::prefix, FluxKeyFormat::config, FluxKeyFormat::layout),
          Map.of("text_encoder", new Clip("clip_l", "<|endoftext|>", false)),
          new Text("text_encoder_2", Language.T5),
          List.of());
    }

    @Override
    public String pipeline(TensorNames names) {
      String at = prefix(names);
      ShapeReader shapes = new ShapeReader(names, at, "transformer");
      long in = shapes.size("img_in.weight", 1);
      long out = shapes.size("final_layer.linear.weight", 0);
      return text(in > FILL_CHANNELS * out ? "filling" : "pipeline");
    }

    @Override
    protected Map<String, Object> scheduler(TensorNames names) {
      Map<String, Object> options = super.scheduler(names);
      if (!DoubleStreamKeys.isGuided(names, prefix(names))) {
        options.putAll(builtInOptions("unguided", Map.of()));
      }
      return options;
    }

    @Override
    protected Certainty prediction() {
      return Certainty.DECLARED;
    }

    // A known config may belong to another FLUX.1 model. The tensors show if this model is
    // guidance-distilled.
    @Override
    protected Map<String, Object> config(TensorNames names, String at, Map<String, Object> known) {
      Map<String, Object> config = super.config(names, at, known);
      config.put("guidance_embeds", DoubleStreamKeys.isGuided(names, at));
      return config;
    }
  }

  /** FLUX.1's layers in LoRA files. */
  static final class FluxLoraLayers {
    static final LoraLayers LAYERS = new LoraLayers(
        List.of(new Kind(
            "flux",
            "FLUX.1",
            new Widths(0, Set.of(3072L)),
            false,
            Metadata.of(".*flux.*", "flux1", "flux-1-dev"))),
        List.of(
            Signature.of("(^|[._])(double_blocks|single_blocks)[._]", Certainty.SHARED),
            Signature.of("(^|[._])single_transformer_blocks[._]", Certainty.SHARED),
            Signature.of("^text_encoder_2\\.encoder\\.block\\.", Certainty.WEAK)),
        null,
        FluxKeyFormat.NAMES);

    private FluxLoraLayers() {}
  }
}
