package dev.likeness.diffusion.internal.family.chroma;

import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.LoraLayers;
import dev.likeness.diffusion.internal.family.ModelFamily;
import dev.likeness.diffusion.internal.family.ModelFormat;
import dev.likeness.diffusion.internal.family.ModelParts;
import dev.likeness.diffusion.internal.family.NetworkMemory;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.family.TransformerVariant;
import dev.likeness.diffusion.internal.family.TransformerVariant.Language;
import dev.likeness.diffusion.internal.family.TransformerVariant.Text;
import dev.likeness.diffusion.internal.family.TransformerVariant.Transformer;
import dev.likeness.diffusion.internal.family.Variant;
import dev.likeness.diffusion.internal.memory.MemoryEstimate;
import dev.likeness.diffusion.tensor.Compute;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Chroma: FLUX.1's shape without CLIP, guided by two prompts. */
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
  private static final int HEAD = 128;
  /** An image and the same under the negative prompt. */
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
  public Optional<Variant> variantOf(ModelParts parts) {
    return Optional.of(VARIANT);
  }

  @Override
  public OpenModel open(ModelParts parts, Compute compute) {
    return new ChromaModel(this, ChromaNetworks.open(parts, compute));
  }

  @Override
  public MemoryEstimate memory(ModelParts parts) {
    long width = NetworkMemory.width(parts.config("transformer"), HEADS, HEAD);
    return new NetworkMemory(
            "transformer", width, ChromaModel.TEXT_TOKENS, 2, ChromaModel.SIDE, ROWS)
        .of(parts);
  }

  @Override
  public ModelFormat format(ModelParts parts) {
    return new ModelFormat() {};
  }

  @Override
  public LoraLayers loraLayers() {
    return ChromaLoraLayers.LAYERS;
  }
}
