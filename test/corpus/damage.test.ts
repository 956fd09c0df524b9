import { corpus } from './support/corpus';

corpus('damage');
