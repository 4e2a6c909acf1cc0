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

        The catalogue of this version: models that `likeness models get NAME` downloads. A model that is not listed
        opens just as well, if its family does ([load a model](../guides/load-a-model.md)). This page is generated from
        `models.json` of `diffusion-core`. The guide [which base should I
        choose](../guides/which-base-should-i-choose.md) helps to decide.

        *Sale*: whether the licence allows commercial use. "yes" may include rules for what images show; "conditions"
        are, for example, a limit of revenue. *Steps* and *guidance* are used by `generate` for this base, unless you
        give others, and for other bases of its [kind](../guides/get-the-models.md#3-use-it) if they are distilled. An
        empty field of licence, sale, steps or guidance means that the fact was on none of the pages that were read.
        *Pages* are the numbers of the pages below, with the date of reading. Licences change, so read the licence
        before you use a model.

        *Memory* is estimated from headers of published size, for one image of the given size, without the memory
        of the program itself. `2.7 (4.9; 1.9; 2.3), 512 px` means: an image of 512x512 takes 2.7 GiB in bf16, 4.9
        GiB in f32, 1.9 GiB in bf16 with the UNet or transformer in 8 bits (`--eight-bits`), and 2.3 GiB with the
        savings of `--memory`. For models without a number, no estimate was made.
        """);
    for (Role role : Role.values()) {
      text.append("\n## ").append(TITLES.get(role)).append("\n\n");
      text.append(
          "| name | repository | family | good for | licence | sale | steps | guidance | memory |"
              + " pages |\n");
      text.append("|---|---|---|---|---|---|---|---|---|---|\n");
      ModelCatalogue.builtIn().models(role).forEach(model -> text.append(row(model, pages)));
    }
    text.append("\n## Pages\n\n");
    for (int i = 0; i < pages.size(); i++) {
      text.append("| ")
          .append(i == 0 ? "number | page |\n|---|---|\n| " : "")
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
            model.memory().map(ModelTableTest::memory).orElse(""),
            String.join("; ", numbers))
        .stream()
        .collect(Collectors.joining(" | ", "| ", " |\n"));
  }
}
