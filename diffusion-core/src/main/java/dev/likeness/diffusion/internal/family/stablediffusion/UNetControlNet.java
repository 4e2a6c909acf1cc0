package dev.likeness.diffusion.internal.family.stablediffusion;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.CanonicalTensors;
import dev.likeness.diffusion.internal.file.KeyMapping;
import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.file.TensorNames;
import dev.likeness.diffusion.internal.model.ComponentFile;
import dev.likeness.diffusion.internal.model.TensorFileFormat;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A ControlNet in a file without a config, in its authors' naming, whose config its shapes tell.
 */
public final class UNetControlNet {
  /** What begins as such a file does and is none, by a tensor that only it has. */
  private static final Map<String, String> OTHERS = Map.of(
      "difference", "a ControlNet's difference to its base", "lora_controlnet", "a control LoRA");

  private static final List<String> DIFFUSERS =
      List.of("controlnet_cond_embedding.conv_in.weight", "controlnet_x_embedder.weight");

  private UNetControlNet() {}

  /** What {@code path} holds, or null when it is in another naming. */
  public static ComponentFile find(Path path, TensorNames keys) {
    String prefix = Stream.of("control_model.", "")
        .filter(each -> keys.has(each + "input_hint_block.0.weight"))
        .findFirst()
        .orElse(null);
    if (prefix == null) {
      return null;
    }
    OTHERS.forEach((tensor, kind) -> {
      if (keys.has(tensor)) {
        throw new InvalidInputException(
            path + " is " + kind + ", which is not supported; give the whole ControlNet");
      }
    });
    Map<String, Object> options = StableDiffusionFamily.control(keys, prefix);
    // No tensor tells of it; its authors' own programs go by the name, too.
    options.put("global_pool_conditions", String.valueOf(path.getFileName()).contains("shuffle"));
    ModelConfig config = ModelConfig.of(options, path + " (controlnet)");
    KeyMapping layout = UNetKeyFormat.of(ControlNetConfig.of(config)).under(prefix);
    return new ComponentFile(
        "ControlNetModel",
        config,
        () -> new CanonicalTensors.RelaidSource(TensorFileFormat.open(path), layout),
        null);
  }

  /** Says what a file in diffusers' naming lacks; does nothing to others. */
  public static void requireConfig(Path path, TensorNames keys) {
    if (DIFFUSERS.stream().anyMatch(keys::has)) {
      throw new InvalidInputException(
          path + " is a ControlNet without its config.json; put the one beside it that lies beside"
              + " diffusion_pytorch_model.safetensors where it was published");
    }
  }

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
      return new ControlKinds(
          count, count == 6 || count == 8 ? UNION.subList(0, count) : List.of());
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
}
