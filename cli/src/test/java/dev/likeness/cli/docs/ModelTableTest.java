package dev.likeness.cli.docs;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.likeness.diffusion.catalogue.CatalogueModel;
import dev.likeness.diffusion.catalogue.CatalogueModel.Role;
import dev.likeness.diffusion.catalogue.ModelCatalogue;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The page of models is the catalogue. */
class ModelTableTest {
  private static final Path ROOT = Path.of("").toAbsolutePath().getParent();
  private static final Map<Role, String> TITLES = Map.of(
      Role.BASE, "Bases",
      Role.ACCELERATOR, "Accelerators and training adapters",
      Role.IP_ADAPTER, "IP-Adapters",
      Role.IMAGE_ENCODER, "Image encoders of IP-Adapters",
      Role.CONTROLNET, "ControlNets",
      Role.TINY_AUTOENCODER, "Tiny autoencoders",
      Role.UPSCALER, "Upscalers",
      Role.DETECTOR, "Face detectors",
      Role.FACE_EMBEDDER, "Face embedders");

  @Test
  void isGeneratedFromTheCatalogue() throws IOException {
    String page = page();
    Path found = Files.createDirectories(ROOT.resolve("cli/target")).resolve("models.md");
    Files.writeString(found, page);
    assertEquals(
        page,
        Files.readString(ROOT.resolve("docs/reference/models.md")).replace("\r", ""),
        "renew the page: cp cli/target/models.md docs/reference/models.md");
  }

  private static String page() {
    List<String> pages = new ArrayList<>();
    StringBuilder text = new StringBuilder("""
        # Models

        This page lists the catalogue: the models that `./likeness models get NAME` downloads. Likeness also opens
        models that are not listed, if it supports their family ([load a model](../guides/load-a-model.md)). The guide
        [which base should I choose](../guides/which-base-should-i-choose.md) helps to decide. A test generates this
        page from the file `models.json` of the module `diffusion-core`.

        - *Good for* says, in words of this project, what the model is used for, and which other models of the
          catalogue it needs.
        - *Commercial use*: "yes" means that the licence allows it; the licence may still restrict what images may
          show. "conditions" means that the licence allows it under conditions, such as a limit of revenue.
        - *Steps* and *guidance* are the values for images with this model. `generate` uses those of a base if you
          give no others; it also uses those of a distilled base for
          [its fine-tunes](../guides/get-the-models.md#3-use-it).
        - *Weight* is the weight of an adapter, or the scale of a ControlNet, that its publishers use or recommend.
          `generate` and `headshot` use it if you give no other.
        - *Memory* is an estimate for one image, computed from the sizes of the published weights, without the
          memory of the program itself. `2.7 (4.9; 1.9; 2.3), 512 px` means that an image of 512x512 pixels takes
          2.7 GiB in bf16, 4.9 GiB in f32, 1.9 GiB in bf16 with `--eight-bits`, and at least 2.3 GiB with `--memory`.
          If the field is empty, no estimate was made.
        - *Sources* are numbers of the [list of sources](#sources), with the facts that each source gave.

        If the licence, the steps, the guidance or the weight of a model are empty, no source gave this fact. Licences
        change: read the licence before you use a model.
        """);
    for (Role role : Role.values()) {
      text.append("\n## ").append(TITLES.get(role)).append("\n\n");
      text.append(
          "| name | repository | family | good for | licence | commercial use | steps | guidance | weight |"
              + " memory | sources |\n");
      text.append("|---|---|---|---|---|---|---|---|---|---|---|\n");
      ModelCatalogue.builtIn().models(role).forEach(model -> text.append(row(model, pages)));
    }
    text.append("\n## Sources\n\nEach source has the date on which it was read.\n\n");
    for (int i = 0; i < pages.size(); i++) {
      text.append("| ")
          .append(i == 0 ? "number | source |\n|---|---|\n| " : "")
          .append(i + 1)
          .append(" | ")
          .append(pages.get(i))
          .append(" |\n");
    }
    return text.toString();
  }

  private static String memory(CatalogueModel.Memory memory) {
    return memory.bf16() + " (" + memory.f32() + "; " + memory.eightBit() + "; " + memory.least()
        + "), " + memory.size() + " px";
  }

  private static String row(CatalogueModel model, List<String> pages) {
    List<String> numbers = new ArrayList<>();
    for (CatalogueModel.Source source : model.sources()) {
      String page = "`" + source.page() + "`, " + source.read();
      if (!pages.contains(page)) {
        pages.add(page);
      }
      numbers.add((pages.indexOf(page) + 1) + " (" + String.join(", ", source.facts()) + ")");
    }
    return List.of(
            "`" + model.name() + "`",
            "`" + model.address() + "`",
            model.family().orElse(""),
            model.purpose(),
            model.licence().map(CatalogueModel.Licence::name).orElse(""),
            model
                .licence()
                .map(licence -> switch (licence.commercial()) {
                  case YES -> "yes";
                  case CONDITIONS -> "conditions";
                  case NO -> "no";
                })
                .orElse(""),
            model.steps().isPresent() ? String.valueOf(model.steps().getAsInt()) : "",
            model.guidance().isPresent() ? String.valueOf(model.guidance().getAsDouble()) : "",
            model.weight().isPresent() ? String.valueOf(model.weight().getAsDouble()) : "",
            model.memory().map(ModelTableTest::memory).orElse(""),
            String.join("; ", numbers))
        .stream()
        .collect(Collectors.joining(" | ", "| ", " |\n"));
  }
}
