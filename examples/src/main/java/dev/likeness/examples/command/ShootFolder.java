package dev.likeness.examples.command;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.image.Picture;
import dev.likeness.examples.console.Console;
import dev.likeness.headshots.ContactSheet;
import dev.likeness.headshots.Headshot;
import dev.likeness.headshots.LikenessVersion;
import dev.likeness.headshots.Shoot;
import dev.likeness.headshots.ShootRecord;
import dev.likeness.lora.TrainedPerson;
import dev.likeness.photos.AcceptedPhoto;
import dev.likeness.photos.PhotoReview;
import java.nio.file.Path;
import java.util.List;

/** The folder that receives a shoot: headshots, contact sheet, record, and the person. */
final class ShootFolder {
  static final String PERSON = "person.safetensors";
  private static final String SHEET = "contact-sheet.png";
  private static final String RECORD = "record.json";

  private final Path folder;
  private final Console console;

  ShootFolder(Path folder, Console console) {
    this.folder = folder;
    this.console = console;
  }

  /** Writes everything and names the files on standard output; {@code review} is null for a person from a file. */
  void write(BaseModel base, TrainedPerson person, Shoot shoot, PhotoReview review, Stopwatch watch) {
    NumberedFiles.write(folder, "headshot", shoot.headshots(), Headshot::writePng, console);
    List<Picture> photos = review == null ? List.of() : review.accepted().stream().map(AcceptedPhoto::picture).toList();
    Path sheet = folder.resolve(SHEET);
    ContactSheet.of(photos, shoot.headshots(), "Drawn by likeness " + LikenessVersion.current()
        + " with the base model "
        + base.name() + ": generated pictures, not photographs").writePng(sheet);
    console.out().println(sheet);
    ShootRecord record = ShootRecord.of(base, person, shoot).timings(watch.laps());
    Path file = folder.resolve(RECORD);
    (review == null ? record : record.photos(review)).write(file);
    console.out().println(file);
    console.out().flush();
  }
}
