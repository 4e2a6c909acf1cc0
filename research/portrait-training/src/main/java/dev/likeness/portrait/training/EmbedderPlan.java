package dev.likeness.portrait.training;

import dev.likeness.diffusion.internal.file.ModelConfig;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What an embedder of faces is taught by, and how wide it is.
 *
 * @param seed of its people and of its start
 * @param people how many
 * @param gray share of the photos without colours by which it is taught and its vectors are turned,
 *     0 to 1: of what judges half, or whoever's colours are unlike everybody's is nobody in black
 *     and white; of what holds faces none, or they are held less
 * @param channels of each level
 * @param start the folder of one to go on from, along whose vectors the new ones lie, or null: what
 *     knows people by the one knows them by the other
 */
public record EmbedderPlan(long seed, int people, double gray, List<Integer> channels, Path start) {
  static final Set<String> NAMES = Set.of("gray", "channels", "start");
  static final String WEIGHTS = "model.safetensors";

  public EmbedderPlan {
    FaceStore.requireSeed(seed);
  }

  /** Of what judges likeness. */
  public static EmbedderPlan judge(long seed, int people) {
    return new EmbedderPlan(seed, people, 0.5, Architecture.FACE_CHANNELS, null);
  }

  /** Of what the adapter looks through and faces are held by. */
  public static EmbedderPlan adapters(long seed, int people) {
    return new EmbedderPlan(seed, people, 0, Architecture.FACE_CHANNELS, null);
  }

  /** Of what holds faces beside that. */
  public static EmbedderPlan guide(long seed, int people) {
    return new EmbedderPlan(seed, people, 0, Architecture.GUIDE_CHANNELS, null);
  }

  static EmbedderPlan of(long seed, int people, Named named) {
    EmbedderPlan judge = judge(seed, people);
    Path start = named.file("start").orElse(null);
    String channels =
        named.text("channels", start == null ? text(judge.channels) : text(channels(start)));
    return new EmbedderPlan(
        seed,
        people,
        named.real("gray", judge.gray),
        Arrays.stream(channels.split(",")).map(Integer::valueOf).toList(),
        start);
  }

  private static String text(List<Integer> channels) {
    return channels.stream().map(String::valueOf).collect(Collectors.joining(","));
  }

  /** The width of the embedder in {@code folder}. */
  static List<Integer> channels(Path folder) {
    return ModelConfig.read(folder.resolve("config.json")).integers("block_out_channels");
  }

  EmbedderPlan wide(List<Integer> others) {
    return new EmbedderPlan(seed, people, gray, others, start);
  }

  /** The weights to go on from, or null. */
  Path first() {
    return start == null ? null : start.resolve(WEIGHTS);
  }

  /** For the header of the weights that {@code steps} of it made. */
  String numbers(int steps) {
    return "seed=" + seed + " people=" + people + " steps=" + steps + " gray=" + gray + " channels="
        + text(channels);
  }
}
