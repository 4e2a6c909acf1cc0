package dev.likeness.vault;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.GeneratedImage;
import dev.likeness.headshots.person.Authenticity;
import dev.likeness.headshots.report.ShootRecord;
import dev.likeness.headshots.shoot.Headshot;
import dev.likeness.headshots.shoot.Shoot;
import dev.likeness.headshots.shoot.ShootRequest;
import dev.likeness.lora.TrainedPerson;
import dev.likeness.photos.ReviewTools;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Stores each headshot of a shoot when it is finished, so that not even a killed process loses one.
 */
final class StoredShoot {
  private final BaseModel base;
  private final TrainedPerson person;
  private final ShootRequest request;
  private final Path imageFolder;
  private final int firstIndex;
  private final GeneratedImage.Marking marking;
  private final ReviewTools tools;
  private final List<Headshot> headshots = new ArrayList<>();

  /**
   * Starts a shoot.
   *
   * @param images the folder of the images
   * @param first the number of numbers that earlier images use
   */
  StoredShoot(
      BaseModel base,
      TrainedPerson person,
      ShootRequest request,
      Path images,
      int first,
      GeneratedImage.Marking marking,
      ReviewTools tools) {
    this.base = base;
    this.person = person;
    this.request = request;
    this.imageFolder = images;
    this.firstIndex = first;
    this.marking = marking;
    this.tools = tools;
  }

  /** Stores a headshot, cropped by its style if a face is found, and the record of all so far. */
  void add(Headshot headshot) {
    Headshot cropped = headshot.crop(headshot.style().crop(), tools.detector()).orElse(headshot);
    cropped.write(imageFolder.resolve(Headshot.fileName(firstIndex + headshots.size())), marking);
    headshots.add(cropped);
    write(record());
  }

  /** Adds the authenticity flags to the record and returns the stored headshots. */
  Shoot finish() {
    List<Authenticity.Result> verdicts = Authenticity.of(person, tools)
        .map(measure ->
            headshots.stream().map(headshot -> measure.judge(headshot.image())).toList())
        .orElse(List.of());
    write(record().authenticity(verdicts));
    return shoot();
  }

  private Shoot shoot() {
    return new Shoot(request, headshots);
  }

  private ShootRecord record() {
    return ShootRecord.of(base, person, shoot(), firstIndex);
  }

  private void write(ShootRecord record) {
    String number = firstIndex == 0 ? "" : String.format(Locale.ROOT, "-%03d", firstIndex + 1);
    record.write(imageFolder.resolve(ShootRecord.FILE.replace(".", number + ".")));
  }
}
