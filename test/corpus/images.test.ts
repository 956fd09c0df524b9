import { corpus } from './support/corpus';

corpus('images');
