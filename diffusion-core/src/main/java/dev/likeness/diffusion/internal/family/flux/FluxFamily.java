package dev.likeness.diffusion.internal.family.flux;

import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.AttentionSites;
import dev.likeness.diffusion.internal.family.ControlNetKind;
import dev.likeness.diffusion.internal.family.LoraLayers;
import dev.likeness.diffusion.internal.family.ModelFamily;
import dev.likeness.diffusion.internal.family.ModelFormat;
import dev.likeness.diffusion.internal.family.ModelParts;
import dev.likeness.diffusion.internal.family.NetworkMemory;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.family.StreamSites;
import dev.likeness.diffusion.internal.family.Variant;
import dev.likeness.diffusion.internal.memory.MemoryEstimate;
import dev.likeness.diffusion.tensor.Compute;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** FLUX.1: dev, schnell, Kontext and Fill, with their ControlNets. */
public final class FluxFamily implements ModelFamily {
  private static final Variant VARIANT = new FluxVariant();
  private static final int HEADS = 24;
  private static final int HEAD = 128;
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

  @Override
  public Optional<Variant> variantOf(ModelParts parts) {
    return Optional.of(VARIANT);
  }

  @Override
  public OpenModel open(ModelParts parts, Compute compute) {
    return new FluxModel(this, FluxNetworks.open(parts, compute));
  }

  @Override
  public MemoryEstimate memory(ModelParts parts) {
    long width = NetworkMemory.width(parts.config("transformer"), HEADS, HEAD);
    return new NetworkMemory("transformer", width, FluxModel.TEXT_TOKENS, 2, SIDE, 1).of(parts);
  }

  @Override
  public ModelFormat format(ModelParts parts) {
    return new ModelFormat() {};
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
}
