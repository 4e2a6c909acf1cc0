package dev.likeness.cli.command;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.cli.console.Console;
import dev.likeness.cli.console.TypedCommand;
import dev.likeness.diffusion.catalogue.CatalogueModel;
import dev.likeness.diffusion.catalogue.ModelCatalogue;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.DType;
import dev.likeness.diffusion.tensor.DeviceMemory;
import dev.likeness.hub.HubAddress;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code likeness models list}: lists the catalogue, and what the cache has of it. */
@Command(
    name = "list",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Lists the models of the catalogue: those on this machine first, then those "
        + "that fit its memory. The memory is that of one image, without the program.")
public final class ModelsListCommand implements Runnable {
  private final Console console;

  @Option(
      names = "--commercial",
      description = "lists only models whose licence allows commercial use without conditions")
  private boolean commercial;

  @Option(names = "--json", description = "prints one JSON object, with the pages of each fact")
  private boolean json;

  /** Creates the subcommand with the console that it prints to. */
  public ModelsListCommand(Console console) {
    this.console = console;
  }

  @Override
  public void run() {
    Compute compute = Compute.best();
    long memory = DeviceMemory.find(compute).map(DeviceMemory::total).orElse(DeviceMemory.UNKNOWN);
    List<Listed> all = ModelCatalogue.builtIn().models().stream()
        .filter(model -> !commercial || model.isCommercial())
        .map(model -> Listed.of(model, compute, memory))
        .sorted(Comparator.comparing(Listed::place))
        .toList();
    if (json) {
      printJson(all);
    } else {
      all.forEach(each -> console.out().println(line(each)));
      console
          .err()
          .println("get a model: " + TypedCommand.of("models get NAME")
              + "; more about it before that: " + TypedCommand.of("inspect hf:REPOSITORY"));
    }
    console.out().flush();
  }

  /** Where a model is in the list. */
  private enum Place {
    /** It is on this machine. */
    HERE,
    /** Its images fit the memory of this machine. */
    FITS,
    /** Its memory is not known. */
    OTHER,
    /** Its images need more memory than this machine has. */
    LARGE
  }

  /** A model, and whether it is here and fits. */
  private record Listed(CatalogueModel model, Place place, OptionalDouble gibibytes) {
    private static final double PROGRAM = 0.5;

    static Listed of(CatalogueModel model, Compute compute, long memory) {
      OptionalDouble need = model
          .memory()
          .map(each -> OptionalDouble.of(compute.dtype() == DType.F32 ? each.f32() : each.bf16()))
          .orElse(OptionalDouble.empty());
      boolean here = ModelPlaces.cached(HubAddress.parse(model.address())).isPresent();
      boolean fits = memory == DeviceMemory.UNKNOWN
          || need.orElse(0) + PROGRAM <= memory / (double) (1L << 30);
      Place place =
          here ? Place.HERE : !fits ? Place.LARGE : need.isPresent() ? Place.FITS : Place.OTHER;
      return new Listed(model, place, need);
    }
  }

  private static String line(Listed each) {
    CatalogueModel model = each.model();
    return String.format(
            Locale.ROOT,
            "%-4s  %-24s  %-16s  %-12s  %8s  %-28s  %s",
            each.place() == Place.HERE ? "here" : each.place() == Place.FITS ? "fits" : "",
            model.name(),
            model.role().label(),
            model.family().orElse("any"),
            each.gibibytes().isPresent()
                ? String.format(Locale.ROOT, "%.1f GiB", each.gibibytes().getAsDouble())
                : "",
            licence(model),
            model.purpose())
        .stripTrailing();
  }

  private static String licence(CatalogueModel model) {
    return model
        .licence()
        .map(each -> each.name()
            + switch (each.commercial()) {
              case YES -> "";
              case CONDITIONS -> " (*)";
              case NO -> " (no sale)";
            })
        .orElse("not known");
  }

  private void printJson(List<Listed> all) {
    try {
      console
          .out()
          .println(JSON.std.asString(
              Map.of("models", all.stream().map(each -> toMap(each)).toList())));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Map<String, Object> toMap(Listed each) {
    CatalogueModel model = each.model();
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("name", model.name());
    map.put("here", each.place() == Place.HERE);
    map.put("role", model.role().label());
    map.put("address", model.address());
    model.family().ifPresent(family -> map.put("family", family));
    map.put("purpose", model.purpose());
    model.memory().ifPresent(memory -> {
      map.put("fits", each.place() != Place.LARGE);
      map.put(
          "memory",
          Map.of(
              "size", memory.size(),
              "f32", memory.f32(),
              "bf16", memory.bf16(),
              "8bit", memory.eightBit(),
              "least", memory.least()));
    });
    model.licence().ifPresent(licence -> {
      map.put("licence", licence.name());
      map.put("commercial", licence.commercial().name().toLowerCase(Locale.ROOT));
    });
    map.put(
        "sources",
        model.sources().stream()
            .map(source -> Map.of(
                "page", source.page(),
                "read", source.read().toString(),
                "facts", source.facts()))
            .toList());
    return map;
  }
}
