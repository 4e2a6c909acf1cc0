package dev.likeness.diffusion.internal.family.stablediffusion;

import java.util.List;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The kinds of pictures that a ControlNet is told apart by number.
 *
 * @param count how many
 * @param names what each is called, in their order; empty where nobody has published names
 */
public record ControlKinds(int count, List<List<String>> names) {
  /** Of xinsir/controlnet-union-sdxl-1.0, whose six the ProMax edition has two more than. */
  private static final List<List<String>> UNION = List.of(
      List.of("openpose"),
      List.of("depth"),
      List.of("hed", "pidi", "scribble", "ted"),
      List.of("canny", "lineart", "anime_lineart", "mlsd"),
      List.of("normal"),
      List.of("segment"),
      List.of("tile"),
      List.of("repaint"));

  /** Those of a union ControlNet of SDXL. */
  public static ControlKinds union(int count) {
    return new ControlKinds(count, count == 6 || count == 8 ? UNION.subList(0, count) : List.of());
  }

  public OptionalInt number(String name) {
    return IntStream.range(0, names.size())
        .filter(i -> names.get(i).contains(name))
        .findFirst();
  }

  /** How to say one. */
  public String advice() {
    return names.isEmpty()
        ? "say its number (--control-mode)"
        : "say its name or number (--control-mode): "
            + IntStream.range(0, count)
                .mapToObj(i -> i + " " + String.join("/", names.get(i)))
                .collect(Collectors.joining(", "));
  }
}
