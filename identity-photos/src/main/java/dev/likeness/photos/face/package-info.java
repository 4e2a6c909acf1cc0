/**
 * Faces in pictures: finding them ({@link dev.likeness.photos.face.FaceDetector}) and saying where
 * their parts are.
 */
package dev.likeness.photos.face;
