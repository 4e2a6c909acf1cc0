package dev.likeness.cli.command;

import dev.likeness.cli.console.Console;
import dev.likeness.cli.paths.Output;
import dev.likeness.cli.paths.PathUse;
import dev.likeness.cli.paths.PathUse.Use;
import dev.likeness.cli.paths.ResultFile;
import dev.likeness.cli.paths.WritesFiles;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.internal.io.AtomicFile;
import dev.likeness.photos.NoUsablePhotoException;
import dev.likeness.photos.PhotoReview;
import dev.likeness.photos.PhotoSet;
import dev.likeness.photos.ReviewTools;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code likeness photos}: reviews photos in the same way as {@code likeness headshot}. */
@Command(
    name = "photos",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Reviews each photo: keep, warn or reject, with reasons.")
public final class PhotosCommand implements Runnable, WritesFiles {
  private final Console console;

  @PathUse(Use.PHOTOS)
  @Parameters(
      paramLabel = "PHOTO|DIR",
      arity = "1..*",
      description =
          "1 to 1000 photos: files, folders, or both. For a training, 3 to 20 photos of one "
              + "person")
  private List<Path> photos;

  @Option(names = "--json", description = "prints one JSON object")
  private boolean json;

  @PathUse(Use.WRITTEN)
  @Option(
      names = "--sheet",
      paramLabel = "FILE",
      description = "writes a PNG sheet of the photos with faces, verdicts and reasons")
  private Path sheet;

  @Mixin
  private OverwriteOption overwrite;

  @Mixin
  private PhotoOptions.WhoOption who;

  @Mixin
  private FaceOptions faces;

  @Mixin
  private CommercialOption use;

  /** Creates the subcommand with the console that it prints to. */
  public PhotosCommand(Console console) {
    this.console = console;
  }

  @Override
  public List<Output> outputs() {
    return sheet == null ? List.of() : List.of(Output.file("--sheet", sheet, overwrite.isGiven()));
  }

  @Override
  public void run() {
    if (overwrite.isGiven() && sheet == null) {
      throw new IllegalArgumentException(
          "--overwrite does nothing without --sheet; give both or neither");
    }
    PhotoSet set = PhotoSet.from(photos);
    PhotoOptions.printNotices(set, console);
    try (ReviewTools tools = faces.open(use.policy())) {
      who.requireEmbedder(tools);
      print(who.choose(PhotoReview.of(set, tools), photos, tools, console));
    } catch (NoUsablePhotoException none) {
      none.review().ifPresent(this::print);
      throw none;
    }
  }

  /** Prints the review, and refuses one of several people. */
  private void print(PhotoReview review) {
    if (sheet != null) {
      byte[] png = review.toSheet().toPng();
      Path written = ResultFile.write(
          sheet,
          overwrite.isGiven(),
          whole -> AtomicFile.writePrivate(whole, out -> out.write(png)));
      ResultFile.printOther(written, sheet, console);
    }
    if (json) {
      console.out().println(Quoted.inJson(review.toJson()));
      console.out().flush();
      // The object has the number of groups only, so the message names them.
      review.requireOnePerson();
    } else {
      PhotoOptions.printOfOnePerson(review, console, console.out());
    }
  }
}
