package dev.likeness.ipadapter.internal.file;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.AttentionSites;
import dev.likeness.diffusion.internal.family.ModelFamily;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.model.FamilyRegistry;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * The attentions of a base model that image prompts speak to, in the order in which IP-Adapters
 * number them. In a UNet transformer block t has its self-attention at 2t and its cross-attention
 * at 2t + 1; in a transformer attention t is at t.
 *
 * @param name the base's
 * @param family the base's
 * @param paths of a UNet's transformer blocks, or of a transformer's attentions
 * @param widths channels of each
 * @param contextWidth channels of the image tokens that they understand
 * @param headDim channels of a head, or 0 where the base's tensors do not tell
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

  /** Finds them in an opened base. */
  public static AdapterSites of(BaseModel base) {
    return of(base.name(), base.unwrap(OpenModel.class));
  }

  /** Finds them among the tensors of a base that errors call {@code base}. */
  public static AdapterSites of(String base, ModelComponent.Tensors tensors) {
    ModelComponent part = tensors.tensorNames(ModelComponent.UNET).isEmpty()
        ? ModelComponent.TRANSFORMER
        : ModelComponent.UNET;
    return of(base, tensors.tensorNames(part), name -> tensors.tensorShape(part, name));
  }

  /**
   * Finds them among a network's tensors.
   *
   * @throws InvalidInputException when there are none
   */
  static AdapterSites of(String base, Set<String> names, Function<String, long[]> shape) {
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
        + " has no attention that an image prompt could speak to; IP-Adapters are made"
        + " for other kinds of bases");
  }

  /**
   * Those that an adapter of a kind speaks to: XLabs' to FLUX's double blocks alone, all others to
   * all.
   */
  public AdapterSites forVariant(IpAdapterVariant kind) {
    if (kind != IpAdapterVariant.XLABS) {
      return this;
    }
    List<String> doubles = paths.stream().filter(path -> !isSingle(path)).toList();
    return new AdapterSites(
        name, family, doubles, widths.subList(0, doubles.size()), contextWidth, headDim);
  }

  /** Whether these are another base's attentions too, place by place, whatever it is called. */
  public boolean matches(AdapterSites other) {
    return other.equals(new AdapterSites(other.name, family, paths, widths, contextWidth, headDim));
  }

  /** The component that they are in. */
  public ModelComponent component() {
    return family.network().component();
  }

  /**
   * Whether they are a UNet's, whose transformer blocks have a self-attention and a
   * cross-attention.
   */
  public boolean isUnet() {
    return component() == ModelComponent.UNET;
  }

  /** The kind of base, such as {@code SDXL (context 2048)}. */
  public String baseDescription() {
    return family.attentionSites().orElseThrow().baseDescription(contextWidth);
  }

  /** What kind of base has these. */
  public String describe() {
    return baseDescription() + " of " + paths.size() + " attentions";
  }

  /** The number of attention {@code t} in an adapter's keys. */
  public int keyIndex(int t) {
    return isUnet() ? 2 * t + 1 : t;
  }

  /**
   * The full name of the module that an adapter of a kind adds to: attention {@code t}, or XLabs'
   * double block.
   */
  public String module(IpAdapterVariant kind, int t) {
    String path = paths.get(t);
    return isUnet()
        ? path + ".attn2"
        : kind == IpAdapterVariant.XLABS ? path.replace(".attn", "") : path;
  }

  /**
   * Whether attention {@code t} is over the text and the image as one sequence, as in FLUX's single
   * blocks.
   */
  public boolean includesText(int t) {
    return isSingle(paths.get(t));
  }

  /** The full name of a UNet's attention at position {@code n}. */
  public String attentionPath(int n) {
    return paths.get(n / 2) + (n % 2 == 0 ? ".attn1" : ".attn2");
  }

  private static boolean isSingle(String path) {
    return path.startsWith("single_");
  }
}
