package dev.likeness.cli.command;

import dev.likeness.cli.numbers.NumberRange;
import dev.likeness.cli.paths.PathUse;
import dev.likeness.cli.paths.PathUse.Use;
import dev.likeness.headshots.person.ReferencePhotos;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** The options for reference images of a base that edits images. */
@Command(optionListHeading = "Reference images")
final class ReferenceOptions {
  /** The crops by their words. */
  enum Crop {
    SHOULDERS(ReferencePhotos.Crop.HEAD_AND_SHOULDERS),
    FACE(ReferencePhotos.Crop.FACE),
    WHOLE(ReferencePhotos.Crop.WHOLE);

    private final ReferencePhotos.Crop crop;

    Crop(ReferencePhotos.Crop crop) {
      this.crop = crop;
    }

    /** Reads shoulders, face or whole. */
    static final class Parser implements ITypeConverter<Crop> {
      @Override
      public Crop convert(String text) {
        return Arrays.stream(values())
            .filter(crop -> crop.name().equalsIgnoreCase(text))
            .findFirst()
            .orElseThrow(() -> new TypeConversionException(
                "unknown crop \"" + text + "\"; known: shoulders, face, whole"));
      }
    }
  }

  @NumberRange(min = 1, max = 10)
  @Option(
      names = "--reference-count",
      paramLabel = "N",
      description = "with --identity references: number of photos that the base takes, 1 to 10; "
          + "likeness is measured with the other photos (default: 4 if at least six photos are "
          + "accepted, otherwise 3)")
  private Integer count;

  @Option(
      names = "--reference-crop",
      paramLabel = "CROP",
      converter = Crop.Parser.class,
      description = "with --identity references: shoulders crops each photo to head and shoulders, "
          + "face to the face alone, whole keeps it (default: shoulders)")
  private Crop crop;

  @NumberRange(min = 64, max = 2048)
  @Option(
      names = "--reference-size",
      paramLabel = "N",
      description = "with --identity references: scales each reference image down to at most N x N "
          + "pixels, 64 to 2048 (default: 512)")
  private Integer side;

  @PathUse(Use.READ)
  @Option(
      names = "--with",
      paramLabel = "FILE",
      description = "with --identity references: another person in the same image, a file "
          + "person-references.safetensors; may be repeated. With --store: the person's id")
  private List<Path> others = List.of();

  /** Refuses options that have no effect. */
  void requireUsed(IdentityOptions.Method method, boolean fromPhotos) {
    Optional<String> unused = Stream.of(
            count != null ? "--reference-count" : null,
            crop != null ? "--reference-crop" : null,
            side != null ? "--reference-size" : null)
        .filter(option -> option != null && !(method.showsImages() && fromPhotos))
        .findFirst();
    unused.ifPresent(option -> {
      throw new IllegalArgumentException(
          option + " needs --photos and --identity references or lora+references; leave it out");
    });
    if (!others.isEmpty() && method != IdentityOptions.Method.REFERENCES) {
      throw new IllegalArgumentException(
          "--with needs --identity references, because every other method gives all faces of an"
              + " image the looks of one person; choose this method, or leave --with out");
    }
    choice();
  }

  /** Returns the choice of photos. */
  ReferencePhotos choice() {
    ReferencePhotos choice = ReferencePhotos.DEFAULT;
    choice = count == null ? choice : choice.count(count);
    choice = crop == null ? choice : choice.crop(crop.crop);
    return side == null ? choice : choice.side(side);
  }

  /** Returns the files or ids of the other persons in the same image. */
  List<Path> others() {
    return others;
  }
}
