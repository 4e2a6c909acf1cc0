package dev.likeness.ipadapter.internal.file;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.AttentionSites;
import dev.likeness.diffusion.internal.family.ModelFamily;
import dev.likeness.diffusion.internal.model.FamilyRegistry;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * The attentions of a base model that image prompts act on, in the order of IP-Adapter files. In a
 * UNet, transformer block t has its self-attention at 2t and its cross-attention at 2t + 1. In a
 * transformer, attention t is at t.
 *
 * @param name name of the base
 * @param family family of the base
 * @param paths paths of a UNet's transformer blocks, or of a transformer's attentions
 * @param widths channels of each
 * @param contextWidth channels of the image tokens
 * @param headDim channels of a head, or 0 if the base's tensors do not tell
 */
public record AdapterSites(
    String name,
    ModelFamily family,
    List<String> paths,
    List<Long> widths,
    long contextWidth,
    long headDim) {
  public AdapterSites {
    paths = List.copyOf(paths);
    widths = List.copyOf(widths);
  }

  /** Finds the attentions of an opened base. */
  public static AdapterSites of(BaseModel base) {
    return of(base.name(), EngineAccess.model(base));
  }

  /**
   * Finds the attentions among the tensors of a base; {@code base} is its name in error messages.
   */
  public static AdapterSites of(String base, ModelComponent.Tensors tensors) {
    ModelComponent component = tensors.tensorNames(ModelComponent.UNET).isEmpty()
        ? ModelComponent.TRANSFORMER
        : ModelComponent.UNET;
    return of(base, tensors.tensorNames(component), name -> tensors.tensorShape(component, name));
  }

  /**
   * Finds the attentions among a network's tensors.
   *
   * @throws InvalidInputException if no family knows the network
   */
  public static AdapterSites of(String base, Set<String> names, Function<String, long[]> shape) {
    for (ModelFamily family : FamilyRegistry.families()) {
      Optional<AttentionSites.Found> found =
          family.attentionSites().flatMap(sites -> sites.find(names, shape));
      if (found.isPresent()) {
        AttentionSites.Found all = found.get();
        return new AdapterSites(
            base, family, all.paths(), all.widths(), all.contextWidth(), all.headDim());
      }
    }
    throw new InvalidInputException("the base " + base
        + " is of a family without IP-Adapter support; use another base, or no IP-Adapter");
  }

  /** Returns the sites without those that process text and image as one sequence. */
  public AdapterSites withoutSingleBlocks() {
    List<String> doubles = paths.stream().filter(path -> !isSingle(path)).toList();
    return new AdapterSites(
        name, family, doubles, widths.subList(0, doubles.size()), contextWidth, headDim);
  }

  /** Returns no sites, for adapters that act on no attention. */
  public AdapterSites withoutAttentions() {
    return new AdapterSites(name, family, List.of(), List.of(), contextWidth, headDim);
  }

  /** Returns true if another base has the same attentions; the base's name may differ. */
  public boolean matches(AdapterSites other) {
    return other.equals(new AdapterSites(other.name, family, paths, widths, contextWidth, headDim));
  }

  /** Returns the component that has the attentions. */
  public ModelComponent component() {
    return family.network().component();
  }

  /**
   * Returns true for a UNet, whose transformer blocks have a self-attention and a cross-attention.
   */
  public boolean isUnet() {
    return component() == ModelComponent.UNET;
  }

  /** Returns the kind of base, such as {@code SDXL (context 2048)}. */
  public String baseDescription() {
    return family.attentionSites().orElseThrow().baseDescription(contextWidth);
  }

  /** Returns kind of base and number of attentions, for messages. */
  public String describe() {
    return baseDescription() + " of " + paths.size() + " attentions";
  }

  /** Returns the index of attention {@code t} in an adapter's keys. */
  public int keyIndex(int t) {
    return isUnet() ? 2 * t + 1 : t;
  }

  /**
   * Returns the full name of attention {@code t}: a UNet's cross-attention, or a transformer's
   * attention.
   */
  public String attention(int t) {
    return isUnet() ? paths.get(t) + ".attn2" : paths.get(t);
  }

  /**
   * Returns true if attention {@code t} processes text and image as one sequence, as in FLUX's
   * single blocks.
   */
  public boolean includesText(int t) {
    return isSingle(paths.get(t));
  }

  /** Returns the full name of a UNet's attention at index {@code n}. */
  public String attentionPath(int n) {
    return paths.get(n / 2) + (n % 2 == 0 ? ".attn1" : ".attn2");
  }

  private static boolean isSingle(String path) {
    return path.startsWith("single_");
  }
}
