package dev.likeness.studio.internal.work;

import dev.likeness.diffusion.BaseModel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;

/** A grid of the playground as a command line and as a Java program, to copy. */
final class RequestText {
  private final BaseModel base;
  private final Playground.Order order;
  private final Function<String, Path> files;
  private final List<String> references;

  /**
   * Prepares the texts.
   *
   * @param files finds the file of a LoRA by its name
   * @param references the names of the files of the reference images
   */
  RequestText(
      BaseModel base,
      Playground.Order order,
      Function<String, Path> files,
      List<String> references) {
    this.base = base;
    this.order = order;
    this.files = files;
    this.references = references;
  }

  private String place() {
    return base.folder().map(Path::toString).orElse("BASE");
  }

  /** Returns one command for each row. */
  String command(List<Playground.Row> rows) {
    return String.join("\n", rows.stream().map(this::command).toList());
  }

  private String command(Playground.Row row) {
    List<String> words = new ArrayList<>(List.of("likeness", "generate", "--base", shell(place())));
    words.addAll(List.of("--prompt", shell(order.prompt())));
    if (!order.negative().isBlank()) {
      words.addAll(List.of("--negative", shell(order.negative())));
    }
    if (!row.scheduler().isBlank()) {
      words.addAll(List.of("--scheduler", shell(row.scheduler())));
    }
    words.addAll(List.of("--steps", Integer.toString(row.steps())));
    if (!Double.isNaN(row.guidance())) {
      words.addAll(List.of("--guidance", number(row.guidance())));
    }
    words.addAll(List.of("--seed", Long.toString(order.seed())));
    words.addAll(List.of("--count", Integer.toString(order.count())));
    row.loras()
        .forEach((name, weight) ->
            words.addAll(List.of("--lora", shell(files.apply(name) + "@" + number(weight)))));
    if (!references.isEmpty()) {
      words.addAll(List.of("--width", Integer.toString(base.defaults().width())));
      words.addAll(List.of("--height", Integer.toString(base.defaults().height())));
    }
    // A leading hyphen or at sign would be read as an option or an argument file.
    references.forEach(name ->
        words.addAll(List.of("--image", shell(name.matches("[-@].*") ? "./" + name : name))));
    words.addAll(List.of("--out", "images"));
    return String.join(" ", words);
  }

  /** Quotes a word for a shell, if needed. */
  private static String shell(String word) {
    return word.matches("[A-Za-z0-9_./@:+-]+") ? word : "'" + word.replace("'", "'\\''") + "'";
  }

  private static String number(double value) {
    return value == Math.rint(value) && Math.abs(value) < 1e9
        ? Long.toString((long) value)
        : Double.toString(value);
  }

  /** Returns a whole program. */
  String java(List<Playground.Row> rows) {
    List<String> names = List.copyOf(order.loras().keySet());
    StringBuilder text = new StringBuilder("""
        import dev.likeness.diffusion.BaseModel;
        import dev.likeness.diffusion.GeneratedImage;
        import dev.likeness.diffusion.request.ImageRequest;
        """);
    if (!references.isEmpty()) {
      text.append("""
          import dev.likeness.diffusion.image.RgbImage;
          import dev.likeness.diffusion.request.ReferenceImages;
          """);
    }
    if (!names.isEmpty()) {
      text.append("import dev.likeness.lora.Lora;\n");
    }
    text.append("""
        import java.nio.file.Files;
        import java.nio.file.Path;
        import java.util.List;

        public class Grid {
          public static void main(String[] args) throws Exception {
            Path folder = Files.createDirectories(Path.of("images"));
        """);
    text.append("    try (BaseModel base = BaseModel.open(Path.of(").append(quoted(place()));
    text.append("))");
    for (int i = 0; i < names.size(); i++) {
      text.append(String.format(
          Locale.ROOT,
          ";%n        Lora lora%d = Lora.open(Path.of(%s), base)",
          i + 1,
          quoted(files.apply(names.get(i)).toString())));
    }
    text.append(") {\n      List<ImageRequest> rows = List.of(\n");
    text.append(String.join(",\n", rows.stream().map(row -> request(row, names)).toList()));
    text.append(");\n");
    text.append("""
              int number = 0;
              for (ImageRequest row : rows) {
                for (GeneratedImage image : base.generateAll(row)) {
                  image.write(folder.resolve("image-" + ++number + ".png"));
                }
              }
            }
          }
        }
        """);
    return text.toString();
  }

  private String request(Playground.Row row, List<String> names) {
    StringBuilder text = new StringBuilder("          ImageRequest.of(");
    text.append(quoted(order.prompt())).append(')');
    if (!order.negative().isBlank()) {
      text.append("\n              .negative(").append(quoted(order.negative())).append(')');
    }
    if (!row.scheduler().isBlank()) {
      text.append("\n              .scheduler(").append(quoted(row.scheduler())).append(')');
    }
    text.append("\n              .steps(").append(row.steps()).append(')');
    if (!Double.isNaN(row.guidance())) {
      text.append("\n              .guidance(").append(number(row.guidance())).append(')');
    }
    text.append("\n              .seed(").append(order.seed()).append("L)");
    text.append("\n              .count(").append(order.count()).append(')');
    for (Map.Entry<String, Double> lora : row.loras().entrySet()) {
      text.append("\n              .adapter(lora")
          .append(names.indexOf(lora.getKey()) + 1)
          .append(".at(")
          .append(number(lora.getValue()))
          .append("))");
    }
    if (!references.isEmpty()) {
      List<String> images = references.stream()
          .map(name -> "RgbImage.read(Path.of(" + quoted(name) + "))")
          .toList();
      text.append("\n              .size(base.defaults().width(), base.defaults().height())");
      text.append("\n              .referenceImages(ReferenceImages.NONE.images(List.of(")
          .append(String.join(", ", images))
          .append(")))");
    }
    return text.toString();
  }

  /** Returns a Java string literal. */
  private static String quoted(String text) {
    StringBuilder quoted = new StringBuilder("\"");
    text.chars().forEach(c -> {
      switch (c) {
        case '"', '\\' -> quoted.append('\\').append((char) c);
        case '\n' -> quoted.append("\\n");
        default -> {
          if (c < ' ') {
            quoted.append(String.format(Locale.ROOT, "\\u%04x", c));
          } else {
            quoted.append((char) c);
          }
        }
      }
    });
    return quoted.append('"').toString();
  }
}
