package dev.likeness.ipadapter.layout;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.adapt.Part;
import dev.likeness.diffusion.error.UnusableInput;
import dev.likeness.diffusion.model.Networks;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * The transformer blocks of a base model's UNet in the order in which IP-Adapters number them: block t has its
 * self-attention at 2t and its cross-attention at 2t + 1.
 *
 * @param name the base's
 * @param paths of the blocks
 * @param widths channels of each block
 * @param contextWidth channels of what the cross-attentions attend to
 */
public record BaseAttentions(String name, List<String> paths, List<Long> widths, long contextWidth) {
  private static final String KEYS = ".attn2.to_k.weight";

  public BaseAttentions {
    paths = List.copyOf(paths);
    widths = List.copyOf(widths);
  }

  /** Finds them in an opened base. */
  public static BaseAttentions of(BaseModel base) {
    Networks networks = base.parts();
    return of(base.name(), networks.tensorNames(Part.UNET), name -> networks.tensorShape(Part.UNET, name));
  }

  /**
   * Finds them among a UNet's tensors.
   *
   * @throws UnusableInput when there are none
   */
  static BaseAttentions of(String base, Set<String> names, Function<String, long[]> shape) {
    TreeSet<AttentionPath> blocks = new TreeSet<>();
    names.stream().filter(name -> name.endsWith(KEYS))
        .forEach(name -> blocks.add(AttentionPath.of(name.substring(0, name.length() - KEYS.length()))));
    List<String> paths = blocks.stream().map(AttentionPath::path).toList();
    if (paths.isEmpty()) {
      throw new UnusableInput("the base " + base + " has no cross-attention that an image prompt could speak to");
    }
    return new BaseAttentions(base, paths, paths.stream().map(path -> shape.apply(path + KEYS)[0]).toList(),
        shape.apply(paths.get(0) + KEYS)[1]);
  }

  /** The full name of block {@code t}'s cross-attention. */
  public String cross(int t) {
    return paths.get(t) + ".attn2";
  }

  /** The full name of the attention at position {@code n}. */
  public String at(int n) {
    return paths.get(n / 2) + (n % 2 == 0 ? ".attn1" : ".attn2");
  }
}
