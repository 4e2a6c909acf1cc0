package dev.likeness.portrait.training.adapter;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.adapter.AdapterLayer;
import dev.likeness.diffusion.internal.adapter.AttentionBranch;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.stablediffusion.StableDiffusionNetworks;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.nn.Parameters;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.internal.training.TrainableWeights;
import dev.likeness.diffusion.internal.training.WeightInitializer;
import dev.likeness.ipadapter.internal.attention.FaceIdLora;
import dev.likeness.ipadapter.internal.attention.TokenBranch;
import dev.likeness.ipadapter.internal.attention.TokenBranch.KeyValues;
import dev.likeness.ipadapter.internal.file.AdapterSites;
import dev.likeness.ipadapter.internal.method.AdapterLayout;
import dev.likeness.ipadapter.internal.projection.ImageProjection;
import dev.likeness.ipadapter.internal.registry.AdapterHeader;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * An adapter's weights while it learns: keys and values begin as the base's own for text, so that
 * the first tokens are understood somehow.
 */
final class AdapterWeights implements AutoCloseable {
  private static final String CONTINUE_ADVICE =
      "go on with the kind, tokens and rank that it was trained with";

  private final StableDiffusionNetworks model;
  private final AdapterSites sites;
  private final AdapterLayout layout;
  private final int rank;
  private final TrainableWeights weights;
  private final NoiseSource random;

  AdapterWeights(
      StableDiffusionNetworks model,
      AdapterSites sites,
      AdapterLayout layout,
      AdapterTraining settings) {
    this.model = model;
    this.sites = sites;
    this.layout = layout;
    this.rank = settings.rank();
    random = NoiseSource.seeded(settings.seed());
    WeightInitializer usual = WeightInitializer.seeded(random, name -> name.endsWith(".up.weight"));
    try (TensorSource start =
        settings.initialAdapter() == null ? null : AdapterHeader.open(settings.initialAdapter())) {
      weights =
          new TrainableWeights((name, shape) -> start != null && start.names().contains(name)
              ? readInitial(start, name, shape)
              : initialValue(usual, name, shape));
      createAll();
      requireAll(start);
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  private Tensor initialValue(WeightInitializer usual, String name, long[] shape) {
    if (name.endsWith("_ip.weight")) {
      return copyTextProjection(name);
    }
    return name.endsWith("latents")
        ? random.next(shape).squeeze(0).div(new Scalar(Math.sqrt(shape[2])))
        : usual.initial(name, shape);
  }

  /**
   * Refuses a start of another kind, of whose weights only some are ours; a LoRA may begin with
   * this training.
   */
  private void requireAll(TensorSource start) {
    Predicate<String> lora = name -> name.contains("_lora.");
    List<String> missing = start == null
        ? List.of()
        : weights.leaves().keySet().stream()
            .filter(lora.negate().and(name -> !start.names().contains(name)))
            .sorted()
            .toList();
    if (!missing.isEmpty()) {
      throw new InvalidInputException(start.describe() + " lacks \"" + missing.get(0) + "\" and "
          + (missing.size() - 1) + " other tensors of an " + layout.method().title()
          + ", which is trained; " + CONTINUE_ADVICE);
    }
  }

  private static Tensor readInitial(TensorSource start, String name, long[] shape) {
    if (!Arrays.equals(start.shape(name), shape)) {
      throw new InvalidInputException(
          start.describe() + ": \"" + name + "\" is " + Arrays.toString(start.shape(name))
              + ", and the training's is " + Arrays.toString(shape) + "; " + CONTINUE_ADVICE);
    }
    return start.read(name).to(ScalarType.Float).clone();
  }

  TrainableWeights trainable() {
    return weights;
  }

  /** Makes every weight, in one order. */
  private void createAll() {
    layout.projection(Weights.of(weights), Double.NaN);
    for (int t = 0; t < sites.paths().size(); t++) {
      projectionWeight(weights, t, "k");
      projectionWeight(weights, t, "v");
    }
    if (rank > 0) {
      new FaceIdLora(weights, rank, sites);
    }
  }

  private Tensor copyTextProjection(String name) {
    int n = Integer.parseInt(name.split("\\.")[1]);
    String own = name.contains("to_k_ip") ? ".to_k.weight" : ".to_v.weight";
    return model
        .tensor(ModelComponent.UNET, sites.attentionPath(n) + own)
        .cpu()
        .to(ScalarType.Float)
        .clone();
  }

  private Tensor projectionWeight(Parameters from, int t, String which) {
    return from.get(
        "ip_adapter." + (2 * t + 1) + ".to_" + which + "_ip.weight",
        sites.widths().get(t),
        sites.contextWidth());
  }

  /**
   * What the adapter adds for a batch of sights, one row for each image; gradients flow back into
   * the weights.
   */
  Adaptation adaptation(ImageProjection.ProjectionInputs sights) {
    ScalarType type = Tensors.scalarType(model.compute().dtype());
    Parameters seen =
        type == ScalarType.Float ? weights : new Parameters.CastParameters(weights, type);
    Tensor tokens = layout.projection(Weights.of(seen), Double.NaN).forward(sights);
    Map<String, List<AttentionBranch>> branches = new HashMap<>();
    for (int t = 0; t < sites.paths().size(); t++) {
      KeyValues memory = new KeyValues(
          torch.linear(tokens, projectionWeight(seen, t, "k")),
          torch.linear(tokens, projectionWeight(seen, t, "v")),
          null);
      branches.put(layout.method().module(sites, t), List.of(new TokenBranch(null, memory, null)));
    }
    FaceIdLora lora = rank > 0 ? new FaceIdLora(seen, rank, sites) : null;
    return new Adaptation() {
      @Override
      public List<AttentionBranch> branches(String module) {
        return branches.getOrDefault(module, List.of());
      }

      @Override
      public List<AdapterLayer> adapterLayers(String module) {
        return lora == null ? List.of() : lora.adapterLayers(module, 1);
      }
    };
  }

  @Override
  public void close() {
    if (weights != null) {
      weights.close();
    }
    random.close();
  }
}
