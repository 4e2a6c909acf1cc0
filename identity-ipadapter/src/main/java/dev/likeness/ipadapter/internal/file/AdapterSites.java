package dev.likeness.ipadapter.internal.file;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The attentions of a base model that image prompts speak to, in the order in which IP-Adapters
 * number them. In a UNet transformer block t has its self-attention at 2t and its cross-attention
 * at 2t + 1; in a transformer attention t is at t.
 *
 * @param name the base's
 * @param paths of a UNet's transformer blocks, or of a transformer's attentions
 * @param widths channels of each
 * @param contextWidth channels of the image tokens that they understand
 * @param headWidth channels of a head, or 0 where the base's tensors do not tell
 */
public record AdapterSites(
    String name,
    Target target,
    List<String> paths,
    List<Long> widths,
    long contextWidth,
    long headWidth) {
  private static final String KEYS = ".to_k.weight";
  private static final Pattern ATTENTION =
      Pattern.compile("(.+\\.attentions\\..+)\\.attn2\\.to_k\\.weight"
          + "|((?:single_)?transformer_blocks\\.\\d+\\.attn2?)\\.to_k\\.weight");

  public AdapterSites {
    paths = List.copyOf(paths);
    widths = List.copyOf(widths);
  }

  /** Finds them in an opened base. */
  public static AdapterSites of(BaseModel base) {
    return of(base.name(), base.parts());
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
    Target target = Target.of(names);
    if (target == null) {
      throw new InvalidInputException("the base " + base
          + " has no attention that an image prompt could speak to; IP-Adapters are"
          + " made for Stable Diffusion 1.x, 2.x, XL, 3.x and FLUX.1");
    }
    List<String> paths = paths(names);
    String inside = target == Target.UNET ? ".attn2" : "";
    List<Long> widths =
        paths.stream().map(path -> shape.apply(path + inside + KEYS)[0]).toList();
    long context =
        switch (target) {
          case UNET -> shape.apply(paths.get(0) + inside + KEYS)[1];
          case FLUX -> shape.apply("context_embedder.weight")[1];
          case SD3 -> widths.get(0);
        };
    String norm = paths.get(0) + ".norm_q.weight";
    return new AdapterSites(
        base, target, paths, widths, context, names.contains(norm) ? shape.apply(norm)[0] : 0);
  }

  private static List<String> paths(Set<String> names) {
    TreeSet<AdapterKeyFormat.AttentionPath> found = new TreeSet<>();
    for (String name : names) {
      Matcher m = ATTENTION.matcher(name);
      if (m.matches()) {
        found.add(AdapterKeyFormat.AttentionPath.of(m.group(1) == null ? m.group(2) : m.group(1)));
      }
    }
    return found.stream().map(AdapterKeyFormat.AttentionPath::path).toList();
  }

  /**
   * Those that an adapter of a kind speaks to: XLabs' to FLUX's double blocks alone, all others to
   * all.
   */
  public AdapterSites heard(IpAdapterVariant kind) {
    if (kind != IpAdapterVariant.XLABS) {
      return this;
    }
    List<String> doubles = paths.stream().filter(path -> !isSingle(path)).toList();
    return new AdapterSites(
        name, target, doubles, widths.subList(0, doubles.size()), contextWidth, headWidth);
  }

  /** Whether these are another base's attentions too, place by place, whatever it is called. */
  public boolean areOf(AdapterSites other) {
    return other.equals(
        new AdapterSites(other.name, target, paths, widths, contextWidth, headWidth));
  }

  /** What kind of base has these. */
  public String describe() {
    return target.describe(contextWidth) + " of " + paths.size() + " attentions";
  }

  /** The number of attention {@code t} in an adapter's keys. */
  public int number(int t) {
    return target == Target.UNET ? 2 * t + 1 : t;
  }

  /**
   * The full name of the module that an adapter of a kind adds to: attention {@code t}, or XLabs'
   * double block.
   */
  public String module(IpAdapterVariant kind, int t) {
    String path = paths.get(t);
    return target == Target.UNET
        ? path + ".attn2"
        : kind == IpAdapterVariant.XLABS ? path.replace(".attn", "") : path;
  }

  /**
   * Whether attention {@code t} is over the text and the picture as one sequence, as in FLUX's
   * single blocks.
   */
  public boolean overText(int t) {
    return isSingle(paths.get(t));
  }

  /** The full name of a UNet's attention at position {@code n}. */
  public String at(int n) {
    return paths.get(n / 2) + (n % 2 == 0 ? ".attn1" : ".attn2");
  }

  private static boolean isSingle(String path) {
    return path.startsWith("single_");
  }

  /** The kinds of networks that IP-Adapters are made for. */
  public enum Target {
    /** Stable Diffusion 1.x, 2.x and XL: the cross-attentions of a UNet. */
    UNET,
    /** FLUX.1: double blocks, and for some adapters single blocks too. */
    FLUX,
    /** Stable Diffusion 3.x: all attentions. */
    SD3;

    /** The width of what SDXL's attentions attend to. */
    static final int XL_CONTEXT = 2048;

    /** The network with these tensors, or null when no IP-Adapter is made for it. */
    static Target of(Set<String> names) {
      if (names.stream()
          .anyMatch(name -> name.contains(".attentions.") && name.contains(".attn2."))) {
        return UNET;
      }
      if (!names.contains("context_embedder.weight")) {
        return null;
      }
      return names.contains("pos_embed.proj.weight")
          ? SD3
          : names.contains("time_text_embed.timestep_embedder.linear_1.weight") ? FLUX : null;
    }

    /** The part of a base model that adapters speak to. */
    public ModelComponent part() {
      return this == UNET ? ModelComponent.UNET : ModelComponent.TRANSFORMER;
    }

    /** The family of base models whose attentions understand image tokens of this width. */
    public String describe(long contextWidth) {
      return switch (this) {
        case FLUX -> "FLUX.1 (context " + contextWidth + ")";
        case SD3 -> "Stable Diffusion 3.x (width " + contextWidth + ")";
        case UNET ->
          switch ((int) contextWidth) {
            case 768 -> "Stable Diffusion 1.x (context 768)";
            case 1024 -> "Stable Diffusion 2.x (context 1024)";
            case XL_CONTEXT -> "SDXL (context 2048)";
            default -> "a base with context " + contextWidth;
          };
      };
    }
  }
}
