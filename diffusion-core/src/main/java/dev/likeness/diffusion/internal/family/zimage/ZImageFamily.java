package dev.likeness.diffusion.internal.family.zimage;

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
import dev.likeness.diffusion.internal.family.ModelKind;
import dev.likeness.diffusion.internal.family.NetworkMemory;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.family.TransformerVariant;
import dev.likeness.diffusion.internal.family.TransformerVariant.Language;
import dev.likeness.diffusion.internal.family.TransformerVariant.Text;
import dev.likeness.diffusion.internal.family.TransformerVariant.Transformer;
import dev.likeness.diffusion.internal.family.Variant;
import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.text.Qwen3Config;
import dev.likeness.diffusion.tensor.Compute;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Z-Image, base and turbo. */
public final class ZImageFamily implements ModelFamily {
  private static final String CLASS = "ZImageTransformer2DModel";
  private static final Variant VARIANT = new TransformerVariant(
      ZImageFamily.class,
      "z-image",
      new Transformer(
          CLASS, ZImageKeyFormat::prefix, ZImageKeyFormat::config, ZImageKeyFormat::layout),
      Map.of(),
      new Text("text_encoder", Language.QWEN3),
      List.of());
  private static final int WIDTH = 3840;
  private static final int SIDE = 128;

  @Override
  public String id() {
    return "zimage";
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
    ModelConfig scheduler = components.scheduler();
    return Optional.of(ModelKind.ofFlow(
        VARIANT,
        ModelKind.TEXT_TO_IMAGE,
        ZImageModel.ZImageTrainingTarget.isTurbo(
            scheduler.number("shift", 1), scheduler.flag("use_dynamic_shifting", false))));
  }

  @Override
  public OpenModel open(ModelComponents components, Compute compute) {
    return new ZImageModel(this, ZImageNetworks.open(components, compute));
  }

  @Override
  public NetworkMemory memory(ModelComponents components) {
    int width = components.config("transformer").integer("dim", WIDTH);
    NetworkMemory network = new NetworkMemory(
        "transformer", ZImageTransformer2DModel.BLOCKS, width, LoadedQwen3.TOKENS, 2, SIDE, 2);
    boolean reads = String.valueOf(components.componentClass("text_encoder")).startsWith("Qwen3");
    return !reads
        ? network
        : network.readingOfText(LoadedQwen3.usedTensors(
            ZImageNetworks.layer(Qwen3Config.of(components.config("text_encoder")))));
  }

  @Override
  public LoraLayers loraLayers() {
    return ZImageLoraLayers.LAYERS;
  }

  /**
   * Z-Image's layers in LoRA files. Trainers write a layer and its parts; diffusers uses the parts.
   */
  static final class ZImageLoraLayers {
    static final LoraLayers LAYERS = new LoraLayers(
        List.of(new Kind("z-image", "Z-Image", Widths.NONE, false, Metadata.NONE)),
        List.of(Signature.of(
            "(^|[._])(noise|context)_refiner[._]"
                + "|(^|[._])layers[._]\\d+[._](attention|feed_forward|adaLN_modulation)[._]",
            Certainty.OWN)),
        null,
        ZImageKeyFormat.NAMES);

    private ZImageLoraLayers() {}
  }
}
